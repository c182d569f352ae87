public import OnsaleValues

extension SaleFact {
    public struct Held: SaleFactBody {
        public static let tag: UInt8 = 1
        public let hold: HoldID
        public let buyer: BuyerID
        public let pass: PassID
        public let places: Places
        public let amount: Int64
        public let expiresAt: Timestamp
        public let key: IdempotencyKey?

        public var fact: SaleFact { .held(self) }
    }

    /// Given back by its buyer.
    public struct HoldReleased: SaleFactBody {
        public static let tag: UInt8 = 2
        public let hold: HoldID

        public var fact: SaleFact { .holdReleased(self) }
    }

    public struct HoldExpired: SaleFactBody {
        public static let tag: UInt8 = 3
        public let hold: HoldID

        public var fact: SaleFact { .holdExpired(self) }
    }
}

extension SaleFact.Held {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        hold = try reader.id()
        buyer = try reader.buyer()
        pass = try reader.id()
        places = try reader.places()
        amount = try reader.signed()
        expiresAt = try reader.timestamp()
        key = try reader.key()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(hold)
        writer.write(buyer: buyer)
        writer.write(pass)
        writer.write(places: places)
        writer.write(signed: amount)
        writer.write(timestamp: expiresAt)
        writer.write(key: key)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard hold.serial == sale.lastHold + 1 else { throw ContradictoryFact("hold \(hold.serial) is out of turn") }
        try sale.move(places, from: .free, to: .held, claim: hold.serial)
        sale.lastHold = hold.serial
        let made = Hold(
            id: hold, buyer: buyer, pass: pass, places: places, amount: amount, madeAt: now, expiresAt: expiresAt)
        sale.holds[hold.serial] = made
        let keyCount = sale.buyers[buyer, default: Sale.BuyerAccount()].addHold(
            hold.serial, quantity: places.quantity, isKeyed: key != nil)
        if let key { sale.remember(key, .hold(made), count: keyCount, at: now) }
    }
}

extension SaleFact.HoldReleased {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        hold = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(hold)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.endHold(hold)
    }
}

extension SaleFact.HoldExpired {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        hold = try reader.id()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(hold)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.endHold(hold)
    }
}

extension Sale {
    fileprivate mutating func endHold(_ id: HoldID) throws(ContradictoryFact) {
        guard let hold = holds.removeValue(forKey: id.serial), hold.order == nil else {
            throw ContradictoryFact("hold \(id.serial) is not live")
        }
        try move(hold.places, from: .held, to: .free, claim: 0)
        credit(hold.buyer, hold.places.quantity, endedHold: id.serial)
        buyersLeftOff.append(hold.buyer)
    }
}
