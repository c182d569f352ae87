/// What an endpoint and we share, to sign deliveries with: `whsec_` and the base 64 of 24 to 64 bytes.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme>
package struct WebhookSecret: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        package var description: String { "a webhook secret is whsec_ and the base 64 of 24 to 64 bytes" }
    }

    package static let byteCounts = 24...64
    private static let prefix = "whsec_"
    private static let generatedBytes = 32

    let bytes: [UInt8]

    /// - Throws: ``Malformed``.
    package init(bytes: [UInt8]) throws(Malformed) {
        guard WebhookSecret.byteCounts.contains(bytes.count) else { throw Malformed() }
        self.bytes = bytes
    }

    /// Reads what ``text`` writes.
    /// - Throws: ``Malformed``.
    package init(text: String) throws(Malformed) {
        guard text.utf8.count <= 128, text.hasPrefix(WebhookSecret.prefix),
            let bytes = Base64.decode(text.dropFirst(WebhookSecret.prefix.count))
        else { throw Malformed() }
        try self.init(bytes: bytes)
    }

    /// A new one of 32 bytes.
    /// - Parameter generator: one for cryptography, outside of tests.
    package init(using generator: inout some RandomNumberGenerator) {
        bytes = (0..<WebhookSecret.generatedBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// As the endpoint's owner gets it. Secret.
    package var text: String { WebhookSecret.prefix + Base64.encode(bytes) }

    /// Fit for logs.
    package var description: String { "whsec_[secret]" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
