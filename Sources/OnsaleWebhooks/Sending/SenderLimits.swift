package import NIOCore

/// Bounds of a ``WebhookSender``.
package struct SenderLimits: Sendable {
    package var connect = TimeAmount.seconds(5)
    /// For an attempt as a whole: name, connection, TLS, request and answer.
    package var attempt = TimeAmount.seconds(20)
    /// Connections under way.
    package var connectionsMax = 64
    /// How many of a host's addresses are tried.
    package var addressesMax = 3
    /// How much of an answer's body is read. What comes after is not waited for.
    package var bodyBytesMax = 65_536
    /// How much of an answer is read in all, headers and interim answers too.
    package var answerBytesMax = 196_608

    package init() {}
}
