/// Bounds on what a mail server, or its absence, could make long or many.
package struct SMTPLimits: Hashable, Sendable {
    /// Connections at once, each with a mail at a time.
    package var connectionsMax = 4
    /// Mails handed over and not settled yet; further ones are refused for now.
    package var mailsMax = 64
    /// Until there is a connection, TLS included.
    package var connectMilliseconds = 10_000
    /// For one mail from the beginning to the answer.
    package var wholeMilliseconds = 60_000

    package init() {}
}
