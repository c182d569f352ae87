/// Crockford's base 32 in lower case, which sorts as the numbers do. <https://www.crockford.com/base32.html>
package enum Base32 {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

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
