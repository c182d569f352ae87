import Synchronization

/// Takes secrets out of what is about to be logged: those of this server by heart, those of fans and providers by
/// their looks.
package final class Scrubber: Sendable {
    /// The one for whatever leaves the process.
    package static let process = Scrubber()

    static let mark = "[secret]"

    /// Shorter ones would also be found in innocent words.
    private static let secretBytesMin = 8

    /// Under these keys everything is secret.
    private static let keys: Set<String> = [
        "authorization", "cookie", "set-cookie", "password", "passwd", "secret", "token", "ticket", "pass", "session",
        "barcode", "stripe-signature", "idempotency-key", "api_key", "apikey", "secret_key", "payment_method",
        "method_id",
    ]

    /// How the tokens of this trade begin: JWTs (sessions, tickets, passes), Stripe's keys, secrets of webhooks, tokens of
    /// the staff, cards.
    private static let beginnings: [[UInt8]] = [
        "eyJ", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "onsale_staff_", "pm_", "tok_", "Bearer ",
        "bearer ", "Basic ",
    ].map { Array($0.utf8) }

    private struct Known {
        var secrets: [[UInt8]] = []
        /// Whether some secret begins with this byte. Most bytes begin none, and are passed over at once.
        var begins = [Bool](repeating: false, count: 256)
    }

    private let known = Mutex(Known())

    package init(secrets: [String] = []) {
        known.withLock { known in
            for beginning in Scrubber.beginnings { known.begins[Int(beginning[0])] = true }
        }
        hide(secrets)
    }

    /// Learns secrets by heart.
    package func hide(_ more: [String]) {
        let more = more.map { Array($0.utf8) }.filter { $0.count >= Scrubber.secretBytesMin }
        known.withLock { known in
            // The longest first: one may begin with another.
            known.secrets = (known.secrets + more).sorted { $0.count > $1.count }
            for secret in more { known.begins[Int(secret[0])] = true }
        }
    }

    func isSecret(key: String) -> Bool { Scrubber.keys.contains(key.lowercased()) }

    package func scrub(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let known = known.withLock { $0 }
        var clean: [UInt8] = []
        var kept = 0
        var index = 0
        while index < bytes.count {
            guard known.begins[Int(bytes[index])], let end = Scrubber.secretEnd(bytes, at: index, known.secrets) else {
                index += 1
                continue
            }
            clean += bytes[kept..<index]
            clean += Scrubber.mark.utf8
            index = end
            kept = end
        }
        return kept == 0 ? text : String(decoding: clean + bytes[kept...], as: UTF8.self)
    }

    /// Where the secret that begins here ends; nil if none does.
    private static func secretEnd(_ bytes: [UInt8], at index: Int, _ secrets: [[UInt8]]) -> Int? {
        for secret in secrets where bytes[index...].starts(with: secret) { return index + secret.count }
        // In the middle of a word nothing of this kind begins.
        guard index == 0 || !isWordByte(bytes[index - 1]) else { return nil }
        for beginning in beginnings where bytes[index...].starts(with: beginning) {
            var end = index + beginning.count
            while end < bytes.count, isTokenByte(bytes[end]) { end += 1 }
            if end > index + beginning.count { return end }
        }
        return nil
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        isWordByte(byte) || [".", "+", "/", "=", "~"].contains { byte == UInt8(ascii: $0) }
    }
}
