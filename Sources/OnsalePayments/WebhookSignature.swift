import Crypto
import Foundation
import OnsaleValues

/// The `Stripe-Signature` of a webhook: `t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`.
/// <https://docs.stripe.com/webhooks#verify-manually>
package enum WebhookSignature {
    /// How far the sender's clock may be from ours.
    static let toleranceSeconds: Int64 = 300

    package static func make(_ body: [UInt8], secret: String, seconds: Int64) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(seconds).".utf8) + body, using: SymmetricKey(data: Array(secret.utf8)))
        return "t=\(seconds),v1=" + Hex.encode(Array(code))
    }

    /// A header carries several signatures while a secret is being replaced.
    private static let signaturesMax = 5
    private static let headerBytesMax = 2048

    /// Whether the body was recently signed with the secret. Takes the same time either way.
    package static func isValid(_ header: String, _ body: [UInt8], secret: String, nowSeconds: Int64) -> Bool {
        guard header.utf8.count <= headerBytesMax else { return false }
        var seconds: Int64?
        var signatures: [[UInt8]] = []
        for part in header.utf8.split(separator: UInt8(ascii: ",")) {
            if part.starts(with: "t=".utf8) { seconds = Int64(String(decoding: part.dropFirst(2), as: UTF8.self)) }
            if part.starts(with: "v1=".utf8), signatures.count < signaturesMax,
                part.count == 3 + 64, let bytes = Hex.decode(part.dropFirst(3))
            {
                signatures.append(bytes)
            }
        }
        guard let seconds, isNear(seconds, nowSeconds) else { return false }
        let signed = Array("\(seconds).".utf8) + body
        let key = SymmetricKey(data: Array(secret.utf8))
        return signatures.contains { HMAC<SHA256>.isValidAuthenticationCode($0, authenticating: signed, using: key) }
    }

    /// The sender's time comes from outside and may be any number.
    private static func isNear(_ seconds: Int64, _ now: Int64) -> Bool {
        let (difference, isOverflow) = now.subtractingReportingOverflow(seconds)
        return !isOverflow && difference.magnitude <= UInt64(toleranceSeconds)
    }
}
