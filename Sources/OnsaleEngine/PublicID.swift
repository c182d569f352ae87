public import OnsaleValues

/// The names by which holds, orders, tickets and buyers are known outside.
///
/// `hld_`, `ord_` and `tkt_` are followed by 24 characters of Crockford's base 32: the moment in milliseconds (48
/// bits), the number within the event (32) and the event's tag (40). So they sort by time, and no two events share one.
public struct PublicID: Hashable, Sendable {
    public enum Kind: String, Sendable {
        case hold = "hld_"
        case order = "ord_"
        case ticket = "tkt_"
    }

    public let kind: Kind
    public let at: Timestamp
    public let serial: UInt32
    public let tag: UInt64

    public init(_ kind: Kind, at: Timestamp, serial: UInt32, tag: UInt64) {
        self.kind = kind
        self.at = at
        self.serial = serial
        self.tag = tag
    }

    public var text: String {
        let milliseconds = UInt64(bitPattern: at.milliseconds) & 0xffff_ffff_ffff
        let high = milliseconds << 12 | UInt64(serial) >> 20
        let low = UInt64(serial & 0xf_ffff) << 40 | tag
        return kind.rawValue + Base32.encode(high, digits: 12) + Base32.encode(low, digits: 12)
    }

    /// Reads an id of the kind; nil for anything that ``text`` would not write.
    public init?(_ kind: Kind, text: String) {
        guard text.hasPrefix(kind.rawValue), text.utf8.count == kind.rawValue.utf8.count + 24 else { return nil }
        let digits = text.utf8.dropFirst(kind.rawValue.utf8.count)
        guard let high = Base32.decode(digits.prefix(12)), let low = Base32.decode(digits.dropFirst(12)) else {
            return nil
        }
        self.kind = kind
        at = Timestamp(milliseconds: Int64(high >> 12))
        serial = UInt32(truncatingIfNeeded: (high & 0xfff) << 20 | low >> 40)
        tag = low & 0xff_ffff_ffff
    }
}

extension BuyerID {
    /// `byr_` and 26 characters of Crockford's base 32.
    public var text: String {
        "byr_" + Base32.encode(high >> 14, digits: 10)
            + Base32.encode((high & 0x3fff) << 46 | low >> 18, digits: 12)
            + Base32.encode(low & 0x3_ffff, digits: 4)
    }

    public init?(text: String) {
        guard text.hasPrefix("byr_"), text.utf8.count == 30 else { return nil }
        let digits = text.utf8.dropFirst(4)
        guard let first = Base32.decode(digits.prefix(10)), let middle = Base32.decode(digits.dropFirst(10).prefix(12)),
            let last = Base32.decode(digits.dropFirst(22)), last < 1 << 18
        else { return nil }
        self.init(high: first << 14 | middle >> 46, low: (middle & 0x3fff_ffff_ffff) << 18 | last)
    }
}

/// Crockford's base 32 in lower case, which sorts as the numbers do. <https://www.crockford.com/base32.html>
enum Base32 {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    static func encode(_ value: UInt64, digits: Int) -> String {
        String(unsafeUninitializedCapacity: digits) { buffer in
            var rest = value
            for index in stride(from: digits - 1, through: 0, by: -1) {
                buffer[index] = alphabet[Int(rest & 31)]
                rest >>= 5
            }
            return digits
        }
    }

    static func decode(_ digits: some Sequence<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            let bits = values[Int(digit)]
            guard bits != 255 else { return nil }
            value = value << 5 | UInt64(bits)
        }
        return value
    }
}
