import Crypto
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
    /// As `created`, with its plan in a document.
    private static let createdByPlanTag: UInt8 = 130

    /// Finds plans by their SHA-256.
    public typealias Plans = (_ digest: [UInt8]) throws -> [UInt8]?
    /// The version of the binary form, first byte of every row.
    static let format: UInt8 = ByteReader.newestForm

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .created(let definition):
            writer.write(byte: definition.planReference == nil ? Fact.createdTag : Fact.createdByPlanTag)
            definition.encode(into: &writer)
        case .sale(let fact): fact.encode(into: &writer)
        case .line(let fact): fact.encode(into: &writer)
        case .audited(let note):
            writer.write(byte: Fact.auditedTag)
            note.encode(into: &writer)
        }
    }

    private init(from reader: inout ByteReader, plans: Plans) throws {
        let tag = try reader.byte()
        switch tag {
        case 1...SaleFact.lastTag: self = .sale(try SaleFact(tag: tag, from: &reader))
        case LineFact.firstTag...LineFact.lastTag: self = .line(try LineFact(tag: tag, from: &reader))
        case Fact.createdTag: self = .created(try EventDefinition(from: &reader, plan: { try $0.plan() }))
        case Fact.createdByPlanTag:
            self = .created(
                try EventDefinition(from: &reader) { reader in
                    let reference = try reader.blob()
                    guard let bytes = try plans(reference), Array(SHA256.hash(data: bytes)) == reference else {
                        throw PlanMissing()
                    }
                    var plan = ByteReader(bytes)
                    return try plan.plan(reference: reference)
                })
        case Fact.auditedTag: self = .audited(try AuditNote(from: &reader))
        default: throw reader.malformed
        }
    }

    /// Reads the facts of a journal row.
    /// - Throws: ``ByteReadingError`` for what is no row of facts, ``PlanMissing`` when its plan is not there.
    public static func decode(payload: [UInt8], plans: Plans) throws -> [Fact] {
        var reader = ByteReader(payload)
        let form = try reader.byte()
        guard (1...format).contains(form) else { throw reader.malformed }
        reader.form = form
        var facts: [Fact] = []
        while !reader.isAtEnd { facts.append(try Fact(from: &reader, plans: plans)) }
        return facts
    }

    /// The seating plan of an event is not among the documents, or damaged there.
    public struct PlanMissing: Error {}

    /// Writes facts as the payload of a journal row.
    public static func encode(_ facts: [Fact], into writer: inout ByteWriter) {
        writer.write(byte: format)
        for fact in facts { fact.encode(into: &writer) }
    }
}
