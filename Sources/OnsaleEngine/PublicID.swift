public import OnsaleValues

/// The public IDs of holds, orders and tickets.
///
/// `hld_`, `ord_` or `tkt_` and 24 characters of Crockford's base 32: the creation time in milliseconds (48 bits), the
/// number within the event (32) and the event's tag (40). So IDs sort by time, and no two events share one.
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

    /// Reads an ID of the given kind.
    /// - Returns: nil for anything ``text`` would not write.
    public init?(_ kind: Kind, text: String) {
        guard text.utf8.count == kind.rawValue.utf8.count + 24, text.utf8.starts(with: kind.rawValue.utf8) else {
            return nil
        }
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
