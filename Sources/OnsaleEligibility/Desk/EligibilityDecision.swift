public import OnsaleBus
public import OnsaleValues

/// What became of a question, once and for ever.
public struct EligibilityDecision: Hashable, Sendable {
    public enum Outcome: String, CaseIterable, Hashable, Sendable {
        case granted
        case refused
    }

    public let ask: EligibilityAsk
    public let outcome: Outcome
    /// The organizer's words, or ``unanswered``.
    public let reason: String?
    public let at: Timestamp

    public init(ask: EligibilityAsk, outcome: Outcome, reason: String? = nil, at: Timestamp) {
        self.ask = ask
        self.outcome = outcome
        self.reason = reason
        self.at = at
    }

    /// The reason where nobody answered in time.
    public static let unanswered = "unanswered"

    public var type: EventType { outcome == .granted ? .eligibilityGranted : .eligibilityRefused }

    /// What is published. Its ID is that of the confirmation: an order is decided on once.
    public var message: EligibilityMessage {
        EligibilityMessage(event: ask.event, order: ask.order, buyer: ask.buyer, reason: reason)
    }
}
