import Crypto
package import OnsaleValues

/// The headers by which an endpoint knows that a delivery is ours and recent.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme>
package enum WebhookSignature {
    /// One signature: `v1,` and the base 64 of the HMAC-SHA256 of `id.timestamp.body`.
    package static func sign(_ body: [UInt8], id: WebhookID, seconds: Int64, with secret: WebhookSecret) -> String {
        var code = HMAC<SHA256>(key: SymmetricKey(data: secret.bytes))
        code.update(data: Array("\(id.text).\(seconds).".utf8))
        code.update(data: body)
        return "v1," + Base64.encode(Array(code.finalize()))
    }

    /// All headers that the specification asks for: `webhook-signature` has a signature by each secret that is valid
    /// now, separated by spaces.
    /// - Parameter now: the time of this attempt, not of the event.
    package static func headers(
        _ body: [UInt8], id: WebhookID, at now: Timestamp, with secrets: SigningSecrets
    ) -> [(name: String, value: String)] {
        let seconds = now.milliseconds / 1000
        let signatures = secrets.valid(at: now).map { sign(body, id: id, seconds: seconds, with: $0) }
        return [
            ("webhook-id", id.text), ("webhook-timestamp", "\(seconds)"),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}
