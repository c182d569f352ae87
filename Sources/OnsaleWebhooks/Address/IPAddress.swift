/// An address of the internet, as bytes.
package enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(UInt32)
    /// High and low half. Without a zone: whoever has one is no public address.
    case v6(UInt64, UInt64)

    /// Reads the standard spellings alone: four decimal numbers without leading zeros, or IPv6 (RFC 4291, section 2.2)
    /// without brackets or zone.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 45 else { return nil }
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let groups = IPAddress.groups(Array(text.utf8)) else { return nil }
            func half(_ range: Range<Int>) -> UInt64 { groups[range].reduce(0) { $0 << 16 | UInt64($1) } }
            self = .v6(half(0..<4), half(4..<8))
        } else {
            guard let value = IPAddress.dotted(Array(text.utf8)[...]) else { return nil }
            self = .v4(value)
        }
    }

    package var description: String {
        switch self {
        case .v4(let value): [24, 16, 8, 0].map { "\(value >> UInt32($0) & 255)" }.joined(separator: ".")
        case .v6(let high, let low):
            [high, low].flatMap { half in [48, 32, 16, 0].map { String(half >> UInt64($0) & 0xffff, radix: 16) } }
                .joined(separator: ":")
        }
    }

    private static func dotted(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }),
                part.count == 1 || part.first != UInt8(ascii: "0")
            else { return nil }
            let number = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 0x30) }
            guard number <= 255 else { return nil }
            value = value << 8 | number
        }
        return value
    }

    private static func groups(_ text: [UInt8]) -> [UInt16]? {
        let colon = UInt8(ascii: ":")
        let gap = zip(text.indices, text.indices.dropFirst()).first { text[$0] == colon && text[$1] == colon }
        guard let gap else {
            let all = pieces(text[...])
            return all?.count == 8 ? all : nil
        }
        let (head, tail) = (text[..<gap.0], text[(gap.1 + 1)...])
        guard tail.first != colon, let before = head.isEmpty ? [] : pieces(head, mayEndInIPv4: false),
            let after = tail.isEmpty ? [] : pieces(tail), before.count + after.count <= 7
        else { return nil }
        return before + [UInt16](repeating: 0, count: 8 - before.count - after.count) + after
    }

    /// Groups between single colons; the last two may be written as IPv4.
    private static func pieces(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool = true) -> [UInt16]? {
        var pieces: [UInt16] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, let value = dotted(part) {
                pieces += [UInt16(value >> 16), UInt16(value & 0xffff)]
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(isHexDigit),
                    let number = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                pieces.append(number)
            }
        }
        return pieces
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
