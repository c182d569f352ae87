import Foundation
import OnsaleValues
import Seeded
import Testing

/// Our hexadecimal and base 64 give what the library gives, and accept nothing else.
@Suite struct EncodingTests {
    @Test("They agree with Foundation on bytes of every length, in both directions", arguments: 0...64)
    func roundTrip(length: Int) {
        var random = SeededRandom(seed: UInt64(length))
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(Hex.encode(bytes) == bytes.map { String(format: "%02x", $0) }.joined())
        #expect(Hex.decode(Hex.encode(bytes).utf8) == bytes)
        #expect(Hex.decode(Hex.encode(bytes).uppercased().utf8) == bytes)
        let plain = Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        #expect(Base64URL.encode(bytes) == plain.replacing("=", with: ""))
        #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
    }

    @Test(
        "Anything else is refused",
        arguments: ["a", "abc", "+f", "0x", "g0", " 0", "0\u{660}"])
    func noHex(text: String) {
        #expect(Hex.decode(text.utf8) == nil)
    }

    @Test(
        "Base 64 has one text for the same bytes", arguments: ["A", "AB=", "AB", "AAAAA", "AA B", "AAB", "A+/B", "éA"])
    func noBase64(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
