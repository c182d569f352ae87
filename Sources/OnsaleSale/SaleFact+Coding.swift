public import OnsaleValues

/// The binary form of facts: a tag byte, then the fields. Tags are never reused; a new meaning gets a new tag.
extension SaleFact {
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .held(let hold, let buyer, let pass, let places, let amount, let expiresAt, let key):
            writer.write(byte: 1)
            writer.write(hold)
            writer.write(buyer: buyer)
            writer.write(pass)
            writer.write(places: places)
            writer.write(signed: amount)
            writer.write(timestamp: expiresAt)
            writer.write(key: key)
        case .holdReleased(let hold):
            writer.write(byte: 2)
            writer.write(hold)
        case .holdExpired(let hold):
            writer.write(byte: 3)
            writer.write(hold)
        case .orderPlaced(let order, let hold, let method, let trace, let key):
            writer.write(byte: 4)
            writer.write(order)
            writer.write(hold)
            writer.write(string: method)
            writer.write(string: trace ?? "")
            writer.write(key: key)
        case .orderAuthorized(let order, let intent):
            writer.write(byte: 5)
            writer.write(order)
            writer.write(string: intent)
        case .orderConfirmed(let order, let captured):
            writer.write(byte: 6)
            writer.write(order)
            writer.write(signed: captured)
        case .orderDeclined(let order, let code, let void):
            writer.write(byte: 7)
            writer.write(order)
            writer.write(string: code)
            writer.write(flag: void)
        case .orderExpired(let order):
            writer.write(byte: 8)
            writer.write(order)
        case .intentLearned(let order, let intent):
            writer.write(byte: 9)
            writer.write(order)
            writer.write(string: intent)
        case .capturedLate(let order, let intent, let amount):
            writer.write(byte: 10)
            writer.write(order)
            writer.write(string: intent)
            writer.write(signed: amount)
        case .voided(let order):
            writer.write(byte: 11)
            writer.write(order)
        case .orderCancelled(let order, let byOrganizer, let key):
            writer.write(byte: 12)
            writer.write(order)
            writer.write(flag: byOrganizer)
            writer.write(key: key)
        case .refunded(let order, let amount):
            writer.write(byte: 13)
            writer.write(order)
            writer.write(signed: amount)
        case .strayFound(let order, let intent, let captured):
            writer.write(byte: 14)
            writer.write(order)
            writer.write(string: intent)
            writer.write(signed: captured)
        case .strayReturned(let order, let intent):
            writer.write(byte: 15)
            writer.write(order)
            writer.write(string: intent)
        case .blocked(let seats):
            writer.write(byte: 16)
            writer.write(seats: seats)
        case .unblocked(let seats):
            writer.write(byte: 17)
            writer.write(seats: seats)
        case .checkedIn(let ticket):
            writer.write(byte: 18)
            writer.write(ticket)
        case .paymentDeclined(let order, let code, let void, let holdUntil):
            writer.write(byte: 19)
            writer.write(order)
            writer.write(string: code)
            writer.write(flag: void)
            writer.write(timestamp: holdUntil)
        case .actionRequired(let order, let intent, let url):
            writer.write(byte: 20)
            writer.write(order)
            writer.write(string: intent)
            writer.write(string: url)
        case .refundedByProvider(let order, let total):
            writer.write(byte: 21)
            writer.write(order)
            writer.write(signed: total)
        case .refundReversed(let order, let amount):
            writer.write(byte: 22)
            writer.write(order)
            writer.write(signed: amount)
        case .disputed(let order):
            writer.write(byte: 23)
            writer.write(order)
        case .disputeWon(let order):
            writer.write(byte: 24)
            writer.write(order)
        }
    }

    public init(tag: UInt8, from reader: inout ByteReader) throws(ByteReadingError) {
        switch tag {
        case 1:
            self = .held(
                try reader.id(), buyer: try reader.buyer(), pass: try reader.id(),
                try reader.places(), amount: try reader.signed(), expiresAt: try reader.timestamp(),
                key: try reader.key())
        case 2: self = .holdReleased(try reader.id())
        case 3: self = .holdExpired(try reader.id())
        case 4:
            let order: OrderID = try reader.id()
            let hold: HoldID = try reader.id()
            let method = try reader.string()
            let trace = try reader.string()
            guard let key = try reader.key() else { throw reader.malformed }
            self = .orderPlaced(order, hold, paymentMethod: method, trace: trace.isEmpty ? nil : trace, key: key)
        case 5: self = .orderAuthorized(try reader.id(), intent: try reader.string())
        case 6: self = .orderConfirmed(try reader.id(), captured: try reader.signed())
        case 7:
            self = .orderDeclined(
                try reader.id(), code: try reader.string(), void: try reader.flag())
        case 8: self = .orderExpired(try reader.id())
        case 9: self = .intentLearned(try reader.id(), intent: try reader.string())
        case 10:
            self = .capturedLate(
                try reader.id(), intent: try reader.string(), amount: try reader.signed())
        case 11: self = .voided(try reader.id())
        case 12:
            self = .orderCancelled(
                try reader.id(), byOrganizer: try reader.flag(), key: try reader.key())
        case 13: self = .refunded(try reader.id(), amount: try reader.signed())
        case 14:
            self = .strayFound(
                try reader.id(), intent: try reader.string(), captured: try reader.signed())
        case 15: self = .strayReturned(try reader.id(), intent: try reader.string())
        case 16: self = .blocked(try reader.seats())
        case 17: self = .unblocked(try reader.seats())
        case 18: self = .checkedIn(try reader.id())
        case 19:
            self = .paymentDeclined(
                try reader.id(), code: try reader.string(), void: try reader.flag(),
                holdUntil: try reader.timestamp())
        case 20:
            self = .actionRequired(
                try reader.id(), intent: try reader.string(), url: try reader.string())
        case 21: self = .refundedByProvider(try reader.id(), total: try reader.signed())
        case 22: self = .refundReversed(try reader.id(), amount: try reader.signed())
        case 23: self = .disputed(try reader.id())
        case 24: self = .disputeWon(try reader.id())
        default: throw reader.malformed
        }
    }

    /// Tags from 1 to this one are the sale's; those above are free for what else shares a journal with it.
    public static let lastTag: UInt8 = 63
}

extension ByteWriter {
    mutating func write(key: IdempotencyKey?) {
        write(flag: key != nil)
        guard let key else { return }
        write(digest: key.key)
        write(digest: key.fingerprint)
    }
}

extension ByteReader {
    mutating func key() throws(ByteReadingError) -> IdempotencyKey? {
        guard try flag() else { return nil }
        return IdempotencyKey(key: try digest(), fingerprint: try digest())
    }
}
