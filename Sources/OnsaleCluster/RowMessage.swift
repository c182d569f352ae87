import OnsaleEngine
import OnsaleValues

/// What an owner tells the others of one committed row: the row, or, if that is large, only that it is there.
///
/// As bytes: a version, a kind, then the fields as ``ByteWriter`` writes them.
enum RowMessage: Hashable, Sendable {
    case row(JournalRow)
    case notice(event: String, lastSequence: UInt64)

    /// The most bytes of a message.
    static let bytesMax = 64 << 10

    private static let version: UInt8 = 1
    private static let checksumBytes = 32
    private static let eventBytesMax = 256
    /// Larger numbers could not be added to without care, and no journal comes near.
    private static let sequenceMax: UInt64 = 1 << 56
    /// What a row takes beside its payload and its event's name.
    private static let frameBytes = 128

    /// The message for a row; a notice if the row is too large.
    init(_ row: JournalRow) {
        let isSmall = row.payload.count + row.partition.utf8.count + RowMessage.frameBytes <= RowMessage.bytesMax
        self = isSmall ? .row(row) : .notice(event: row.partition, lastSequence: row.lastSequence)
    }

    var bytes: [UInt8] {
        switch self {
        case .row(let row):
            var writer = ByteWriter(reservingCapacity: row.payload.count + RowMessage.frameBytes)
            writer.write(byte: RowMessage.version)
            writer.write(byte: 1)
            writer.write(string: row.partition)
            writer.write(unsigned: row.sequence)
            writer.write(serial: row.count)
            writer.write(unsigned: row.epoch)
            writer.write(timestamp: row.time)
            writer.write(blob: row.checksum)
            writer.write(blob: row.payload)
            return writer.bytes
        case .notice(let event, let lastSequence):
            var writer = ByteWriter()
            writer.write(byte: RowMessage.version)
            writer.write(byte: 2)
            writer.write(string: event)
            writer.write(unsigned: lastSequence)
            return writer.bytes
        }
    }

    /// Reads a message.
    /// - Throws: ``ByteReadingError`` for anything that ``bytes`` doesn't make.
    init(_ bytes: [UInt8]) throws(ByteReadingError) {
        var reader = ByteReader(bytes)
        guard bytes.count <= RowMessage.bytesMax, try reader.byte() == RowMessage.version else {
            throw reader.malformed
        }
        let kind = try reader.byte()
        let event = try reader.string()
        guard (1...RowMessage.eventBytesMax).contains(event.utf8.count) else { throw reader.malformed }
        let sequence = try reader.unsigned()
        guard (1...RowMessage.sequenceMax).contains(sequence) else { throw reader.malformed }
        switch kind {
        case 1: self = .row(try RowMessage.row(of: event, sequence, &reader))
        case 2: self = .notice(event: event, lastSequence: sequence)
        default: throw reader.malformed
        }
        guard reader.isAtEnd else { throw reader.malformed }
    }

    private static func row(
        of event: String, _ sequence: UInt64, _ reader: inout ByteReader
    ) throws(ByteReadingError) -> JournalRow {
        let count = try reader.serial()
        let epoch = try reader.unsigned()
        let time = try reader.timestamp()
        let checksum = try reader.blob()
        guard count > 0, checksum.count == checksumBytes else { throw reader.malformed }
        return JournalRow(
            partition: event, sequence: sequence, time: time, count: count, payload: try reader.blob(),
            checksum: checksum, epoch: epoch)
    }
}
