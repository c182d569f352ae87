public import OnsaleValues

/// How an order is paid, declined or expires.
extension SaleFact {
    public struct OrderPlaced: OrderFactBody {
        public static let tag: UInt8 = 4
        public let order: OrderID
        public let hold: HoldID
        /// The provider's ID of the buyer's payment method.
        public let method: String
        public let trace: String?
        public let key: IdempotencyKey
        /// What the buyer gives for the check of eligibility.
        public let proof: String?

        public var fact: SaleFact { .orderPlaced(self) }
    }

    /// The payer must confirm at `url`.
    public struct ActionRequired: OrderFactBody {
        public static let tag: UInt8 = 20
        public let order: OrderID
        public let intent: String
        public let url: String

        public var fact: SaleFact { .actionRequired(self) }
    }

    /// The money is reserved; from here on the seats are sold.
    public struct OrderAuthorized: OrderFactBody {
        public static let tag: UInt8 = 5
        public let order: OrderID
        public let intent: String

        public var fact: SaleFact { .orderAuthorized(self) }
    }

    /// The money is captured; the tickets exist.
    public struct OrderConfirmed: OrderFactBody {
        public static let tag: UInt8 = 6
        public let order: OrderID
        public let captured: Int64

        public var fact: SaleFact { .orderConfirmed(self) }
    }

    /// The order's intent became known before the payment was decided, or changed or became known later.
    public struct IntentLearned: OrderFactBody {
        public static let tag: UInt8 = 9
        public let order: OrderID
        public let intent: String

        public var fact: SaleFact { .intentLearned(self) }
    }

    /// Declined before any money was reserved; the hold lives on until `holdUntil`. If `void`, something may be
    /// reserved and must be released.
    public struct PaymentDeclined: OrderFactBody {
        public static let tag: UInt8 = 19
        public let order: OrderID
        public let code: String
        public let void: Bool
        public let holdUntil: Timestamp

        public var fact: SaleFact { .paymentDeclined(self) }
    }

    /// Declined for good; the seats are free. If `void`, reserved money must be released.
    public struct OrderDeclined: OrderFactBody {
        public static let tag: UInt8 = 7
        public let order: OrderID
        public let code: String
        public let void: Bool

        public var fact: SaleFact { .orderDeclined(self) }
    }

    /// The payment wasn't decided in time; the seats are free, and the intent must be undone.
    public struct OrderExpired: OrderFactBody {
        public static let tag: UInt8 = 8
        public let order: OrderID

        public var fact: SaleFact { .orderExpired(self) }
    }
}

extension SaleFact.OrderPlaced {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        hold = try reader.id()
        method = try reader.string()
        let trace = try reader.string()
        self.trace = trace.isEmpty ? nil : trace
        guard let key = try reader.key() else { throw reader.malformed }
        self.key = key
        let proof = reader.form < 3 ? "" : try reader.string()
        self.proof = proof.isEmpty ? nil : proof
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(hold)
        writer.write(string: method)
        writer.write(string: trace ?? "")
        writer.write(key: key)
        writer.write(string: proof ?? "")
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard order.serial == UInt32(sale.orders.count) + 1 else {
            throw ContradictoryFact("order \(order.serial) is out of turn")
        }
        guard let held = sale.holds[hold.serial], held.order == nil else {
            throw ContradictoryFact("hold \(hold.serial) cannot be ordered")
        }
        sale.holds[hold.serial]?.order = order
        let (previous, keyCount) = sale.buyers[held.buyer, default: Sale.BuyerAccount()].addOrder(
            order.serial, hold: hold.serial)
        sale.orders.append(
            Order(
                id: order, buyer: held.buyer, hold: hold, pass: held.pass, places: held.places, amount: held.amount,
                placedAt: now, paymentMethod: method, trace: trace, previousOfBuyer: previous, state: .authorizing,
                duty: .authorize, intent: nil, note: nil, isDisputed: false, captured: 0, refunded: 0, firstTicket: 0,
                confirmedAt: nil, endedAt: nil))
        sale.ordersOfSeats.add(order, for: held.places)
        sale.ordersByState[Int(OrderState.authorizing.rawValue)] += 1
        sale.openOrders.set(order.serial, isOpen: true)
        sale.remember(key, .order(order, buyer: held.buyer), count: keyCount, at: now)
    }
}

extension SaleFact.ActionRequired {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        intent = try reader.string()
        url = try reader.string()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(string: intent)
        writer.write(string: url)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.change(order, from: [.authorizing], to: .requiresAction, duty: .authorize) {
            $0.intent = intent
            $0.note = .action(url: url)
        }
    }
}

extension SaleFact.OrderAuthorized {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        intent = try reader.string()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(string: intent)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        let paid = try sale.change(order, from: [.authorizing, .requiresAction], to: .capturing, duty: .capture) {
            $0.intent = intent
            $0.note = nil
        }
        try sale.move(paid.places, from: .held, to: .sold, claim: order.serial)
        sale.holds[paid.hold.serial] = nil
    }
}

extension SaleFact.OrderConfirmed {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        captured = try reader.signed()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(signed: captured)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        let firstTicket = UInt32(sale.tickets.count) + 1
        let confirmed = try sale.change(order, from: [.capturing], to: .confirmed, duty: nil) {
            $0.captured = captured
            $0.firstTicket = firstTicket
            $0.confirmedAt = now
            $0.endedAt = now
        }
        for position in 0..<confirmed.places.quantity {
            sale.tickets.append(
                Ticket(
                    id: TicketID(firstTicket + UInt32(position)), order: order, position: position, issuedAt: now,
                    isVoid: false))
        }
        try sale.ledger.captureForSale(captured)
        sale.takings.add(confirmed.places, plan: sale.plan, prices: sale.terms[confirmed.hold].prices)
        sale.buyersLeftOff.append(confirmed.buyer)
    }
}

extension SaleFact.IntentLearned {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        intent = try reader.string()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(string: intent)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.amend(order) { $0.intent = intent }
    }
}

extension SaleFact.PaymentDeclined {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        code = try reader.string()
        void = try reader.flag()
        holdUntil = try reader.timestamp()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(string: code)
        writer.write(flag: void)
        writer.write(timestamp: holdUntil)
    }

    /// The hold returns to its state before the order, with some time to try another payment method.
    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard let serial = sale.order(order)?.hold.serial, var hold = sale.holds[serial], hold.order == order else {
            throw ContradictoryFact("order \(order.serial) has no hold to return")
        }
        try sale.change(order, from: [.authorizing, .requiresAction], to: .declined, duty: void ? .void : nil) {
            $0.endedAt = now
            $0.note = .declined(code: code)
        }
        hold.order = nil
        hold.expiresAt = holdUntil
        hold.declines = hold.declines == .max ? .max : hold.declines + 1
        sale.holds[serial] = hold
        sale.holdsOutOfTurn.insert(hold)
        sale.buyers[hold.buyer]?.holds.append(serial)
    }
}

extension SaleFact.OrderDeclined {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
        code = try reader.string()
        void = try reader.flag()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
        writer.write(string: code)
        writer.write(flag: void)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        // Form 1 journals record this for orders that were not yet authorized.
        try sale.abandon(
            order, as: .declined, from: [.authorizing, .requiresAction, .capturing], duty: void ? .void : nil,
            note: .declined(code: code), at: now)
    }
}

extension SaleFact.OrderExpired {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        order = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(order)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.abandon(
            order, as: .expired, from: [.authorizing, .requiresAction], duty: .void, note: nil, at: now)
    }
}

extension Sale {
    /// Ends an order without a purchase: its seats become free.
    fileprivate mutating func abandon(
        _ id: OrderID, as state: OrderState, from: OrderStates, duty: PaymentDuty?, note: OrderNote?, at now: Timestamp
    ) throws(ContradictoryFact) {
        let seatState: SeatState = order(id)?.state == .capturing ? .sold : .held
        let order = try change(id, from: from, to: state, duty: duty) {
            $0.endedAt = now
            $0.note = note
        }
        try move(order.places, from: seatState, to: .free, claim: 0)
        holds[order.hold.serial] = nil
        buyersLeftOff.append(order.buyer)
        credit(order.buyer, order.places.quantity)
    }
}
