/// What a mail tells.
package enum MailKind: String, CaseIterable, Hashable, Sendable {
    /// The tickets, as files.
    case tickets
    /// All that was paid goes back.
    case refund
    case partialRefund = "partial-refund"
    /// An order for which nothing was paid is cancelled.
    case cancelled
    /// A code to sign in with.
    case signIn = "sign-in"
    /// Webhooks are not sent to an endpoint any more: for the organizer.
    case endpointOff = "endpoint-off"

    /// Whether somebody waits for it.
    package var isUrgent: Bool { self == .signIn }
}
