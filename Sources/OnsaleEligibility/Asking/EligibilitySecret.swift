import Crypto
import Foundation
public import OnsaleValues

/// What an organizer's endpoint checks signatures with: `whsec_` and base 64, by Standard Webhooks.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
public struct EligibilitySecret: Sendable {
    private let key: SymmetricKey

    /// - Returns: nil unless it is `whsec_` and the base 64 of 24 to 64 bytes.
    public init?(_ text: String) {
        guard text.hasPrefix("whsec_"), let bytes = Data(base64Encoded: String(text.dropFirst(6))),
            (24...64).contains(bytes.count)
        else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// A `webhook-signature`, of version 1.
    public func sign(id: String, seconds: Int64, body: [UInt8]) -> String {
        let content = Array("\(id).\(seconds).".utf8) + body
        return "v1," + Data(HMAC<SHA256>.authenticationCode(for: content, using: key)).base64EncodedString()
    }
}

/// A request that the organizer's endpoint can check.
public struct EligibilityRequest: Hashable, Sendable {
    public let url: String
    /// `content-type` and the three headers of Standard Webhooks.
    public let headers: [Header]
    public let body: [UInt8]
    /// How long the whole exchange may take.
    public let timeout: Duration

    public struct Header: Hashable, Sendable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// - Parameter secrets: the endpoint's; while one replaces another, both.
    public init(_ call: EligibilityDesk.Call, secrets: [EligibilitySecret], at now: Timestamp) {
        let ask = call.ask
        let seconds = now.milliseconds / 1000
        let signatures = secrets.map { $0.sign(id: ask.id, seconds: seconds, body: ask.body) }
        url = ask.url
        headers = [
            Header("content-type", "application/json"), Header("webhook-id", ask.id),
            Header("webhook-timestamp", String(seconds)),
            Header("webhook-signature", signatures.joined(separator: " ")),
        ]
        body = ask.body
        timeout = .milliseconds(call.timeoutMilliseconds)
    }
}
