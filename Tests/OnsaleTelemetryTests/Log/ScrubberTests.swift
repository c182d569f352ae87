import OnsaleCorrelation
import Seeded
import Testing

@testable import OnsaleTelemetry

struct ScrubberTests {
    private let scrubber = Scrubber(secrets: ["admin-token-0", "admin-token-0-and-more", "short"])

    @Test(
        "Secrets are taken out, and nothing around them",
        arguments: [
            ("admin-token-0", "[secret]"),
            ("a admin-token-0, b", "a [secret], b"),
            // Known ones even within a word.
            ("xadmin-token-0y", "x[secret]y"),
            ("admin-token-0admin-token-0", "[secret][secret]"),
            // The longest, where one begins like another.
            ("admin-token-0-and-more", "[secret]"),
            ("key sk_live_abc123 was refused", "key [secret] was refused"),
            ("sk_test_abc", "[secret]"), ("rk_live_abc", "[secret]"), ("rk_test_a.b", "[secret]"),
            ("whsec_abc+/=", "[secret]"), ("a onsale_staff_ab-C_1.", "a [secret]"),
            ("with pm_card_visa", "with [secret]"), ("tok_visa", "[secret]"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2ln-_", "[secret]"),
            ("authorization: Bearer abc.def", "authorization: [secret]"),
            ("bearer abc", "[secret]"), ("Basic dXNlcjpwYXNz, next", "[secret], next"),
            // Where it stands in a URL, a form or a pair.
            ("GET /orders?ticket=eyJhbGciOi.x&y=1", "GET /orders?ticket=[secret]&y=1"),
            ("GET /tickets/eyJhbGciOi.x", "GET /tickets/[secret]"),
            ("ONSALE_STRIPE_KEY=sk_live_abc", "ONSALE_STRIPE_KEY=[secret]"),
            ("{\"key\":\"sk_live_abc\"}", "{\"key\":\"[secret]\"}"),
            ("(pm_1abc)", "([secret])"),
        ])
    func scrubs(text: String, clean: String) {
        #expect(scrubber.scrub(text) == clean)
    }

    @Test(
        "What is no secret stays as it is",
        arguments: [
            "", "ord_01J9ZX5T8K3M2N4P6Q7R8S9T", "hld_01J9ZX5T8K3M2N4P6Q7R8S9T", "tkt_01J9ZX5T8K3M2N4P6Q7R8S9T",
            "spm_x", "xtok_y", "at 5pm_ish", "pm_", "tok_ x", "sk_", "sk_other", "Bearer ", "Bearers of tickets",
            "basic facts", "whsecret", "theyJoin", "short", "pi_3N4P6Q7R", "re_3N4P6Q", "b1a2b3c4", "admin-token",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "héllo 🎫 漢字", "a\nb",
        ])
    func keeps(text: String) {
        #expect(scrubber.scrub(text) == text)
    }

    @Test("Keys are secret by name, in any case")
    func keys() {
        for key in ["authorization", "Authorization", "COOKIE", "Set-Cookie", "password", "token", "Idempotency-Key"] {
            #expect(scrubber.isSecret(key: key), "\(key)")
        }
        for key in ["event", "order", "buyer", "trace_id", "tokens", "key", ""] {
            #expect(!scrubber.isSecret(key: key), "\(key)")
        }
    }

    @Test("A secret learnt later is hidden from then on")
    func learns() {
        #expect(scrubber.scrub("learnt-later") == "learnt-later")
        scrubber.hide(["learnt-later"])
        #expect(scrubber.scrub("a learnt-later b") == "a [secret] b")
    }

    @Test(
        "However it is surrounded, no known secret gets out, and the rest does",
        arguments: 1...50 as ClosedRange<UInt64>)
    func anywhere(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let secrets = ["s3cr3t-one!", "s3cr3t-ones", "ⓢecret", "three three three"]
        let scrubber = Scrubber(secrets: secrets)
        let innocent = ["a", " ", "=", "s3cr3t", "é", "/", "\u{301}", "three ", "🎫", "\""]
        var text = ""
        for _ in 0..<30 {
            text += (random.happens(0.2) ? secrets : innocent).randomElement(using: &random) ?? ""
        }
        let clean = scrubber.scrub(text)
        // By bytes: a combining mark after it makes it no less readable.
        for secret in secrets { #expect(!contains(clean, secret), "\(text)") }
        #expect(clean.unicodeScalars.count { $0 == "🎫" } == text.unicodeScalars.count { $0 == "🎫" })
    }

    private func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        return text.indices.contains { text[$0...].starts(with: part) }
    }
}
