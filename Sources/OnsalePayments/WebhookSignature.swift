import Crypto
import Foundation

/// The `Stripe-Signature` of a webhook: `t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`.
/// <https://docs.stripe.com/webhooks#verify-manually>
public enum WebhookSignature {
    /// How far the sender's clock may be from ours.
    static let toleranceSeconds: Int64 = 300

    public static func make(_ body: [UInt8], secret: String, seconds: Int64) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(seconds).".utf8) + body, using: SymmetricKey(data: Array(secret.utf8)))
        return "t=\(seconds),v1=" + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Whether the body was signed with the secret, not long ago. Takes the same time whether it was or not.
    public static func isValid(_ header: String, _ body: [UInt8], secret: String, nowSeconds: Int64) -> Bool {
        var seconds: Int64?
        var signatures: [[UInt8]] = []
        for part in header.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            if pair[0] == "t" { seconds = Int64(pair[1]) }
            if pair[0] == "v1", let bytes = bytes(hex: pair[1]) { signatures.append(bytes) }
        }
        guard let seconds, seconds.distance(to: nowSeconds).magnitude <= UInt(toleranceSeconds) else { return false }
        let signed = Array("\(seconds).".utf8) + body
        let key = SymmetricKey(data: Array(secret.utf8))
        return signatures.contains { HMAC<SHA256>.isValidAuthenticationCode($0, authenticating: signed, using: key) }
    }

    private static func bytes(hex: Substring) -> [UInt8]? {
        guard hex.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = hex[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
