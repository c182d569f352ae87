public import OnsaleValues

/// How a part of an order goes back while the rest stays confirmed.
extension SaleFact {
    /// The organizer took back some of its tickets; their seats are free, and so much is to go back.
    public struct PartReturned: OrderFactBody {
        public static let tag: UInt8 = 25
        public let order: OrderID
        /// Which of the order's places, ascending.
        public let positions: [Int]
        public let amount: Int64
        /// In the organizer's words.
        public let reason: String?
        public let key: IdempotencyKey?

        public var fact: SaleFact { .partReturned(self) }
    }

    /// The provider has given back money for such a part. `total` is what has gone back of the order so far.
    public struct PartRefunded: OrderFactBody {
        public static let tag: UInt8 = 26
        public let order: OrderID
        public let total: Int64

        public var fact: SaleFact { .partRefunded(self) }
    }
}

extension SaleFact.PartReturned {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        positions = try reader.serials().map { Int($0) }
        amount = try reader.signed()
        reason = try reader.optionalString()
        key = try reader.key()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(serials: positions.map { UInt32($0) })
        writer.write(signed: amount)
        writer.write(optional: reason) { $0.write(string: $1) }
        writer.write(key: key)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard let before = sale.order(order), before.state == .confirmed, isPart(of: before), amount >= 0,
            before.goingBack + amount <= before.captured
        else { throw ContradictoryFact("order \(order.serial) can't be taken back in part") }
        let due = before.goingBack + amount
        let duty = before.refunded < due ? PaymentDuty.refund : nil
        try sale.setDuty(order, from: before.duty, to: duty)
        try sale.amend(order) {
            $0.note = .returned(
                PartReturn(
                    positions: ((before.partReturn?.positions ?? []) + positions).sorted(), due: due,
                    asked: before.duty == .refund ? before.partReturn?.asked ?? due : due))
        }
        let tickets = Array(before.tickets)
        for position in positions { sale.tickets[Int(tickets[position].serial) - 1].isVoid = true }
        try sale.move(before.places.only(positions), from: .sold, to: .free, claim: 0)
        sale.credit(before.buyer, positions.count)
        try sale.ledger.reverseSale(amount)
        if let key { sale.remember(key, .order(order, buyer: nil), count: 0, at: now) }
    }

    /// Whether these are some of the places that the order still has, and not all.
    private func isPart(of order: Order) -> Bool {
        let known = Set(order.partReturn?.positions ?? [])
        return !positions.isEmpty && zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 }
            && positions.allSatisfy { (0..<order.places.quantity).contains($0) && !known.contains($0) }
            && known.count + positions.count < order.places.quantity
    }
}

extension SaleFact.PartRefunded {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        total = try reader.signed()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(signed: total)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard let before = sale.order(order), before.state == .confirmed, let part = before.partReturn,
            total > before.refunded, total <= part.due
        else { throw ContradictoryFact("order \(order.serial) has no part to refund") }
        try sale.setDuty(order, from: .refund, to: total < part.due ? .refund : nil)
        try sale.amend(order) {
            $0.refunded = total
            $0.note = .returned(part.after(refunding: total))
        }
        try sale.ledger.refund(total - before.refunded)
    }
}
