public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// Anything that has happened in an event's partition; what its journal consists of.
public enum Fact: Sendable {
    /// Always the first.
    case created(EventDefinition)
    case sale(SaleFact)
    case line(LineFact)
    /// Stands behind the facts that it tells of.
    case audited(AuditNote)

    private static let createdTag: UInt8 = 128
    private static let auditedTag: UInt8 = 129
    /// The version of the binary form, first byte of every row.
    static let format: UInt8 = 1

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .created(let definition):
            writer.write(byte: Fact.createdTag)
            definition.encode(into: &writer)
        case .sale(let fact): fact.encode(into: &writer)
        case .line(let fact): fact.encode(into: &writer)
        case .audited(let note):
            writer.write(byte: Fact.auditedTag)
            note.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(ByteReadingError) {
        let tag = try reader.byte()
        switch tag {
        case 1...SaleFact.lastTag: self = .sale(try SaleFact(tag: tag, from: &reader))
        case LineFact.firstTag...LineFact.lastTag: self = .line(try LineFact(tag: tag, from: &reader))
        case Fact.createdTag: self = .created(try EventDefinition(from: &reader))
        case Fact.auditedTag: self = .audited(try AuditNote(from: &reader))
        default: throw reader.malformed
        }
    }

    /// Reads the facts of a journal row.
    public static func decode(payload: [UInt8]) throws(ByteReadingError) -> [Fact] {
        var reader = ByteReader(payload)
        guard try reader.byte() == format else { throw reader.malformed }
        var facts: [Fact] = []
        while !reader.isAtEnd { facts.append(try Fact(from: &reader)) }
        return facts
    }

    /// Writes facts as the payload of a journal row.
    public static func encode(_ facts: [Fact], into writer: inout ByteWriter) {
        writer.write(byte: format)
        for fact in facts { fact.encode(into: &writer) }
    }
}
