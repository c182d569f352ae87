import Crypto
import OnsaleValues

/// What an account proves itself by: `onsale_staff_` and 256 random bits, of which only the digest is kept.
package struct StaffToken: Sendable {
    private static let prefix = "onsale_staff_"
    private static let bytes = 32
    /// Of 32 bytes in base64url.
    private static let length = prefix.utf8.count + 43

    package let text: String
    /// SHA-256, in hex.
    let digest: String

    /// A new one.
    init() {
        var random = SystemRandomNumberGenerator()
        let bits = (0..<StaffToken.bytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        self.init(checked: StaffToken.prefix + Base64URL.encode(bits))
    }

    /// - Returns: nil for what can't be one.
    package init?(_ text: String) {
        guard text.utf8.count == StaffToken.length, text.hasPrefix(StaffToken.prefix) else { return nil }
        self.init(checked: text)
    }

    private init(checked text: String) {
        self.text = text
        digest = Hex.encode(Array(SHA256.hash(data: Array(text.utf8))))
    }
}
