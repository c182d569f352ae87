/// Crockford's base 32 in lower case; it sorts in the order of the numbers. <https://www.crockford.com/base32.html>
package enum Base32 {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// The lowest `digits` base-32 digits of `value`, padded with zeros.
    package static func encode(_ value: UInt64, digits: Int) -> String {
        String(unsafeUninitializedCapacity: digits) { buffer in
            var rest = value
            for index in stride(from: digits - 1, through: 0, by: -1) {
                buffer[index] = alphabet[Int(rest & 31)]
                rest >>= 5
            }
            return digits
        }
    }

    /// - Returns: nil if a character is not a digit. Accepts lower case only, and at most 12 digits without overflow.
    package static func decode(_ digits: some Sequence<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            let bits = values[Int(digit)]
            guard bits != 255 else { return nil }
            value = value << 5 | UInt64(bits)
        }
        return value
    }
}
