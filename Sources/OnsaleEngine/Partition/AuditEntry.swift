public import OnsaleValues

/// What an organizer is about to do, and who says so.
public struct AuditNote: Sendable, Equatable {
    public enum Action: UInt8, Sendable, CaseIterable {
        case created = 1
        case paused
        case resumed
        case onsaleChanged
        case blocked
        case unblocked
        case refunded
        /// Done at the payment provider, and found out.
        case refundSeen
        case disputeSeen
    }

    /// The organizer's token is one for all, so this is what its holder calls themselves; believed, not proved.
    public let actor: String
    public let action: Action
    /// What it was done to, for people to read.
    public let detail: String

    public init(actor: String, action: Action, detail: String) {
        self.actor = actor
        self.action = action
        self.detail = detail
    }
}

/// What an organizer has done.
public struct AuditEntry: Sendable, Equatable {
    public let at: Timestamp
    public let note: AuditNote
}

extension AuditNote {
    func encode(into writer: inout ByteWriter) {
        writer.write(byte: action.rawValue)
        writer.write(string: actor)
        writer.write(string: detail)
    }

    init(from reader: inout ByteReader) throws(ByteReadingError) {
        guard let action = Action(rawValue: try reader.byte()) else { throw reader.malformed }
        self.action = action
        actor = try reader.string()
        detail = try reader.string()
    }
}
