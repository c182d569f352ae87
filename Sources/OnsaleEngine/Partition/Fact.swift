import Crypto
public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// Anything that happened in an event's partition. Its journal consists of these.
public enum Fact: Sendable {
    /// Always the first fact.
    case created(EventDefinition)
    case sale(SaleFact)
    case line(LineFact)
    /// Follows the facts it describes.
    case audited(AuditNote)
    /// Only where nodes share the journal.
    case epochBegun(EpochBegun)
    /// What the event tells about itself from now on, whole.
    case profileChanged(EventProfile)

    private static let createdTag: UInt8 = 128
    private static let auditedTag: UInt8 = 129
    /// Like `created`, but with the plan in a document.
    private static let createdByPlanTag: UInt8 = 130
    private static let epochBegunTag: UInt8 = 131
    private static let profileChangedTag: UInt8 = 132

    /// Looks up a plan document by its SHA-256.
    public typealias Plans = (_ digest: [UInt8]) throws -> [UInt8]?
    /// The version of the binary form; the first byte of every row.
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
        case .epochBegun(let begun):
            writer.write(byte: Fact.epochBegunTag)
            begun.encode(into: &writer)
        case .profileChanged(let profile):
            writer.write(byte: Fact.profileChangedTag)
            profile.encode(into: &writer)
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
        case Fact.epochBegunTag: self = .epochBegun(try EpochBegun(from: &reader))
        case Fact.profileChangedTag: self = .profileChanged(try EventProfile(from: &reader))
        default: throw reader.malformed
        }
    }

    /// Reads the facts of a journal row.
    /// - Throws: ``ByteReadingError`` if the payload isn't valid, ``PlanMissing`` if the event's plan is missing or
    ///   damaged, or what `plans` throws.
    public static func decode(payload: [UInt8], plans: Plans) throws -> [Fact] {
        var reader = ByteReader(payload)
        let form = try reader.byte()
        guard (1...format).contains(form) else { throw reader.malformed }
        reader.form = form
        var facts: [Fact] = []
        while !reader.isAtEnd { facts.append(try Fact(from: &reader, plans: plans)) }
        return facts
    }

    /// An event's seating plan is missing from the documents, or damaged there.
    public struct PlanMissing: Error {}

    /// Writes facts as the payload of a journal row.
    public static func encode(_ facts: [Fact], into writer: inout ByteWriter) {
        writer.write(byte: format)
        for fact in facts { fact.encode(into: &writer) }
    }
}

extension Fact {
    /// The kind of fact by its Swift name, as `onsale journal` and the metrics have it.
    package var kindName: String {
        switch self {
        case .created: "eventCreated"
        case .audited: "audited"
        case .epochBegun: "epochBegun"
        case .profileChanged: "profileChanged"
        case .sale(let fact): Fact.name(of: fact.body)
        case .line(let fact): Fact.name(of: fact.body)
        }
    }

    private static func name(of body: Any) -> String {
        let name = "\(type(of: body))"
        return name.prefix(1).lowercased() + name.dropFirst()
    }
}
