public import OnsaleValues

/// What an organizer did, and who it was.
public struct AuditNote: Sendable, Equatable {
    public enum Action: UInt8, Sendable, CaseIterable {
        case created = 1
        case paused
        case resumed
        case onsaleChanged
        case blocked
        case unblocked
        case refunded
        /// Done at the payment provider and discovered here.
        case refundSeen
        case disputeSeen
        /// The organizer's own check has refused an order, which is taken back.
        case ineligible
        /// What the event tells about itself.
        case edited
        case published
        /// Some of an order's tickets, or all that it still had.
        case ticketsRefunded
    }

    /// The account's name; without an account, the name that the caller gave, or the part of the system that did it.
    public let actor: String
    /// The account whose token was shown; nil where nothing proves the name.
    public let account: String?
    public let action: Action
    /// What it was done to, as text for people.
    public let detail: String

    public init(actor: String, account: String? = nil, action: Action, detail: String) {
        self.actor = actor
        self.account = account
        self.action = action
        self.detail = detail
    }
}

/// An audit note and when it was recorded.
public struct AuditEntry: Sendable, Equatable {
    public let at: Timestamp
    public let note: AuditNote
}

extension AuditNote {
    func encode(into writer: inout ByteWriter) {
        writer.write(byte: action.rawValue)
        writer.write(string: actor)
        writer.write(string: detail)
        writer.write(optional: account) { $0.write(string: $1) }
    }

    init(from reader: inout ByteReader) throws(ByteReadingError) {
        guard let action = Action(rawValue: try reader.byte()) else { throw reader.malformed }
        self.action = action
        actor = try reader.string()
        detail = try reader.string()
        account = reader.form < 7 ? nil : try reader.optionalString()
    }
}
