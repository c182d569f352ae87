public import OnsaleValues

/// The binary form of the line's facts. Tags start above the sale's, with which they share a journal.
extension LineFact {
    public static let firstTag: UInt8 = 64
    public static let lastTag: UInt8 = 127

    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .joined(let buyer, let place):
            writer.write(byte: 64)
            writer.write(buyer: buyer)
            writer.write(place)
        case .passGranted(let serial, let buyer, let place, let expiresAt):
            writer.write(byte: 65)
            writer.write(serial)
            writer.write(buyer: buyer)
            writer.write(place)
            writer.write(timestamp: expiresAt)
        case .passExpired(let serial):
            writer.write(byte: 66)
            writer.write(serial)
        case .passGivenUp(let serial):
            writer.write(byte: 67)
            writer.write(serial)
        case .paused: writer.write(byte: 68)
        case .resumed: writer.write(byte: 69)
        case .rescheduled(let schedule):
            writer.write(byte: 70)
            writer.write(schedule: schedule)
        case .drawCommitted(let seed):
            writer.write(byte: 71)
            writer.write(blob: seed)
        case .drawn(let lobbySize, let entrantsHash):
            writer.write(byte: 72)
            writer.write(serial: lobbySize)
            writer.write(blob: entrantsHash)
        case .called(let place, let until):
            writer.write(byte: 73)
            writer.write(place)
            writer.write(timestamp: until)
        case .callLapsed(let place):
            writer.write(byte: 74)
            writer.write(place)
        case .soldOut: writer.write(byte: 75)
        case .seatsReturned: writer.write(byte: 76)
        case .passEnded(let serial, let end):
            writer.write(byte: 77)
            writer.write(serial)
            writer.write(byte: end.rawValue)
        case .callWithdrawn(let place):
            writer.write(byte: 78)
            writer.write(place)
        case .moved(let place, let new):
            writer.write(byte: 79)
            writer.write(place)
            writer.write(new)
        }
    }

    public init(tag: UInt8, from reader: inout ByteReader) throws(ByteReadingError) {
        switch tag {
        case 64: self = .joined(try reader.buyer(), place: try reader.id())
        case 65:
            self = .passGranted(
                try reader.id(), try reader.buyer(), place: try reader.id(),
                expiresAt: try reader.timestamp())
        case 66: self = .passExpired(try reader.id())
        case 67: self = .passGivenUp(try reader.id())
        case 68: self = .paused
        case 69: self = .resumed
        case 70: self = .rescheduled(try reader.schedule())
        case 71: self = .drawCommitted(seed: try reader.blob())
        case 72: self = .drawn(lobbySize: try reader.serial(), entrantsHash: try reader.blob())
        case 73: self = .called(try reader.id(), until: try reader.timestamp())
        case 74: self = .callLapsed(try reader.id())
        case 75: self = .soldOut
        case 76: self = .seatsReturned
        case 77:
            let serial: PassID = try reader.id()
            guard let end = PassEnd(rawValue: try reader.byte()) else { throw reader.malformed }
            self = .passEnded(serial, end)
        case 78: self = .callWithdrawn(try reader.id())
        case 79: self = .moved(try reader.id(), to: try reader.id())
        default: throw reader.malformed
        }
    }
}

extension ByteWriter {
    public mutating func write(schedule: OnsaleSchedule) {
        write(optional: schedule.lobbyOpensAt) { $0.write(timestamp: $1) }
        write(timestamp: schedule.opensAt)
        write(optional: schedule.closesAt) { $0.write(timestamp: $1) }
        write(flag: schedule.hasWaitingRoom)
        write(count: schedule.maxActiveShoppers)
        write(count: schedule.passSeconds)
        write(count: schedule.passIdleSeconds)
        write(count: schedule.frontSeconds)
    }
}

extension ByteReader {
    public mutating func schedule() throws(ByteReadingError) -> OnsaleSchedule {
        OnsaleSchedule(
            lobbyOpensAt: try optional { (reader: inout ByteReader) throws(ByteReadingError) in
                try reader.timestamp()
            },
            opensAt: try timestamp(),
            closesAt: try optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.timestamp() },
            hasWaitingRoom: try flag(), maxActiveShoppers: try number(), passSeconds: try number(),
            // The first form knew neither.
            passIdleSeconds: form == 1 ? OnsaleSchedule.passIdleSecondsDefault : try number(),
            frontSeconds: form == 1 ? OnsaleSchedule.frontSecondsDefault : try number())
    }
}
