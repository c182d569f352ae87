public import OnsaleValues

/// How money goes back, and what the provider does on its own.
extension SaleFact {
    /// Money arrived for an order that had already ended; we owe it back.
    public struct CapturedLate: OrderFactBody {
        public static let tag: UInt8 = 10
        public let order: OrderID
        public let intent: String
        public let amount: Int64

        public var fact: SaleFact { .capturedLate(self) }
    }

    /// An ended order has no reserved money any more.
    public struct Voided: OrderFactBody {
        public static let tag: UInt8 = 11
        public let order: OrderID

        public var fact: SaleFact { .voided(self) }
    }

    public struct OrderCancelled: OrderFactBody {
        public static let tag: UInt8 = 12
        public let order: OrderID
        public let byOrganizer: Bool
        public let key: IdempotencyKey?
        /// In the words of whoever cancelled it.
        public let reason: String?

        public var fact: SaleFact { .orderCancelled(self) }
    }

    public struct Refunded: OrderFactBody {
        public static let tag: UInt8 = 13
        public let order: OrderID
        public let amount: Int64

        public var fact: SaleFact { .refunded(self) }
    }

    /// The provider refunded part or all of a confirmed order without our asking. `total` is what has gone back so far.
    public struct RefundedByProvider: OrderFactBody {
        public static let tag: UInt8 = 21
        public let order: OrderID
        public let total: Int64

        public var fact: SaleFact { .refundedByProvider(self) }
    }

    /// A refund that had succeeded later failed: we owe `amount` again.
    public struct RefundReversed: OrderFactBody {
        public static let tag: UInt8 = 22
        public let order: OrderID
        public let amount: Int64

        public var fact: SaleFact { .refundReversed(self) }
    }

    /// The payer disputes the payment; the tickets are void.
    public struct Disputed: OrderFactBody {
        public static let tag: UInt8 = 23
        public let order: OrderID

        public var fact: SaleFact { .disputed(self) }
    }

    public struct DisputeWon: OrderFactBody {
        public static let tag: UInt8 = 24
        public let order: OrderID

        public var fact: SaleFact { .disputeWon(self) }
    }

    /// A second payment for the order was found and must go back (`captured` is 0 if only reserved).
    public struct StrayFound: OrderFactBody {
        public static let tag: UInt8 = 14
        public let order: OrderID
        public let intent: String
        public let captured: Int64

        public var fact: SaleFact { .strayFound(self) }
    }

    public struct StrayReturned: OrderFactBody {
        public static let tag: UInt8 = 15
        public let order: OrderID
        public let intent: String

        public var fact: SaleFact { .strayReturned(self) }
    }
}

extension SaleFact.CapturedLate {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        intent = try reader.string()
        amount = try reader.signed()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(string: intent)
        writer.write(signed: amount)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard let late = sale.order(order), late.captured == 0, late.state == .declined || late.state == .expired
        else { throw ContradictoryFact("order \(order.serial) cannot be captured late") }
        try sale.setDuty(order, from: late.duty, to: .refund)
        try sale.amend(order) {
            $0.intent = intent
            $0.captured = amount
        }
        try sale.ledger.captureOwedBack(amount)
    }
}

extension SaleFact.Voided {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.setDuty(order, from: .void, to: nil)
    }
}

extension SaleFact.OrderCancelled {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        byOrganizer = try reader.flag()
        key = try reader.key()
        reason = reader.form < 5 ? nil : try reader.optionalString()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(flag: byOrganizer)
        writer.write(key: key)
        writer.write(optional: reason) { $0.write(string: $1) }
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        let cancelled = try sale.change(order, from: [.confirmed], to: .refunding, duty: .refund) { _ in }
        try sale.takeBackTickets(of: cancelled)
        try sale.ledger.reverseSale(cancelled.captured - cancelled.goingBack)
        guard let key else { return }
        let keyCount = byOrganizer ? 0 : sale.buyers[cancelled.buyer, default: Sale.BuyerAccount()].addKey()
        sale.remember(key, .order(order, buyer: byOrganizer ? nil : cancelled.buyer), count: keyCount, at: now)
    }
}

extension SaleFact.Refunded {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        amount = try reader.signed()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(signed: amount)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.setDuty(order, from: .refund, to: nil)
        try sale.amend(order) { $0.refunded += amount }
        if sale.order(order)?.state == .refunding {
            try sale.change(order, from: [.refunding], to: .refunded, duty: nil) { $0.endedAt = now }
        }
        try sale.ledger.refund(amount)
    }
}

extension SaleFact.RefundedByProvider {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        total = try reader.signed()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(signed: total)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard let before = sale.order(order), before.state == .confirmed, (0...before.captured).contains(total) else {
            throw ContradictoryFact("order \(order.serial) can't have been refunded by the provider")
        }
        // Money that is due is reversed already.
        let due = before.partReturn?.due ?? 0
        let (gone, goes) = (max(before.refunded, due), max(total, due))
        if total >= before.refunded {
            try sale.ledger.reverseSale(goes - gone)
            try sale.ledger.refund(total - before.refunded)
        } else {
            try sale.ledger.reverseRefund(before.refunded - total)
            try sale.ledger.restoreSale(gone - goes)
        }
        try sale.amend(order) {
            $0.refunded = total
            if let part = $0.partReturn { $0.note = .returned(part.after(refunding: total)) }
        }
        // Where only tickets that cost nothing are left, all the money is due, and they stay.
        guard total == before.captured, total > due else {
            return try sale.setDuty(order, from: before.duty, to: total < due ? .refund : nil)
        }
        try sale.change(order, from: [.confirmed], to: .refunded, duty: nil) { $0.endedAt = now }
        try sale.takeBackTickets(of: before)
    }
}

extension SaleFact.RefundReversed {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        amount = try reader.signed()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(signed: amount)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard let before = sale.order(order), before.duty == nil, amount > 0, before.refunded >= amount,
            [.refunded, .declined, .expired].contains(before.state)
        else { throw ContradictoryFact("order \(order.serial) has no refund to reverse") }
        let state = before.state == .refunded ? OrderState.refunding : before.state
        try sale.change(order, from: OrderStates(before.state), to: state, duty: .refund) { $0.refunded -= amount }
        try sale.ledger.reverseRefund(amount)
    }
}

extension SaleFact.Disputed {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.setDisputed(order, true)
    }
}

extension SaleFact.DisputeWon {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.setDisputed(order, false)
    }
}

extension SaleFact.StrayFound {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        intent = try reader.string()
        captured = try reader.signed()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(string: intent)
        writer.write(signed: captured)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard sale.strays[intent] == nil else { throw ContradictoryFact("stray \(intent) is already known") }
        sale.strays[intent] = StrayPayment(order: order, intent: intent, captured: captured)
        try sale.ledger.captureOwedBack(captured)
    }
}

extension SaleFact.StrayReturned {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        intent = try reader.string()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(string: intent)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard let stray = sale.strays.removeValue(forKey: intent) else {
            throw ContradictoryFact("stray \(intent) is unknown")
        }
        try sale.ledger.refund(stray.captured)
    }
}

extension Sale {
    /// Voids the order's tickets and frees the seats that it still has.
    fileprivate mutating func takeBackTickets(of order: Order) throws(ContradictoryFact) {
        for ticket in order.tickets { tickets[Int(ticket.serial) - 1].isVoid = true }
        let places = order.placesLeft
        try move(places, from: .sold, to: .free, claim: 0)
        credit(order.buyer, places.quantity)
    }

    fileprivate mutating func setDisputed(_ id: OrderID, _ isDisputed: Bool) throws(ContradictoryFact) {
        guard let order = order(id), order.state == .confirmed, order.isDisputed != isDisputed else {
            throw ContradictoryFact("order \(id.serial) can't be \(isDisputed ? "" : "un")disputed")
        }
        try amend(id) { $0.isDisputed = isDisputed }
        let returned = order.partReturn?.positions ?? []
        for (position, ticket) in order.tickets.enumerated() {
            tickets[Int(ticket.serial) - 1].isVoid = isDisputed || returned.contains(position)
        }
    }
}
