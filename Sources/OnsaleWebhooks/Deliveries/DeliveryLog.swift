package import OnsaleValues

/// A delivery as the organizer sees it.
package struct LoggedDelivery: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case pending, sending, delivered, exhausted
    }

    /// Its `webhook-id`, which names it among its endpoint's.
    package let message: WebhookID
    package let type: String
    package let state: State
    package let createdAt: Timestamp
    /// When it is tried next, if it is pending.
    package let dueAt: Timestamp
    /// The newest ones, the oldest of them first.
    package let attempts: [LoggedAttempt]
}

/// One line of a delivery's log.
package struct LoggedAttempt: Hashable, Sendable {
    /// Counts from one.
    package let number: Int64
    package let beganAt: Timestamp
    package let durationMilliseconds: Int64
    /// ``AttemptOutcome/name``.
    package let outcome: String
    package let status: Int?
    /// The beginning of what the endpoint answered: a stranger's text, without control characters.
    package let answer: String
}

/// A delivery that is this sender's until its lease ends.
struct TakenDelivery: Sendable {
    let endpoint: EndpointID
    let message: WebhookID
    let lease: String
    /// How many of this round have failed, and how long it was told to wait, in milliseconds.
    let attempts: Int
    let waited: Int64
    let url: String
    let body: [UInt8]
    /// Nil if they can't be opened.
    let secrets: SigningSecrets?
}
