public import OnsaleValues

/// The binary form of the line's facts. Tags start above the sale's, with which they share a journal.
extension LineFact {
    public static let firstTag: UInt8 = 64
    public static let lastTag: UInt8 = 127

    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .joined(let buyer, let number):
            writer.write(byte: 64)
            writer.write(buyer: buyer)
            writer.write(serial: number)
        case .passGranted(let serial, let buyer, let number, let expiresAt):
            writer.write(byte: 65)
            writer.write(serial: serial)
            writer.write(buyer: buyer)
            writer.write(serial: number)
            writer.write(timestamp: expiresAt)
        case .passExpired(let serial):
            writer.write(byte: 66)
            writer.write(serial: serial)
        case .passGivenUp(let serial):
            writer.write(byte: 67)
            writer.write(serial: serial)
        case .paused: writer.write(byte: 68)
        case .resumed: writer.write(byte: 69)
        case .rescheduled(let schedule):
            writer.write(byte: 70)
            writer.write(schedule: schedule)
        }
    }

    public init(tag: UInt8, from reader: inout ByteReader) throws(ByteReadingError) {
        switch tag {
        case 64: self = .joined(try reader.buyer(), number: try reader.serial())
        case 65:
            self = .passGranted(
                try reader.serial(), try reader.buyer(), number: try reader.serial(),
                expiresAt: try reader.timestamp())
        case 66: self = .passExpired(try reader.serial())
        case 67: self = .passGivenUp(try reader.serial())
        case 68: self = .paused
        case 69: self = .resumed
        case 70: self = .rescheduled(try reader.schedule())
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
            hasWaitingRoom: try flag(), maxActiveShoppers: try number(), passSeconds: try number())
    }
}
