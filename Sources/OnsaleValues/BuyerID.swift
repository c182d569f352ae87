/// A buyer: 128 bits derived from the verified identity, so the same person always gets the same ID.
@frozen
public struct BuyerID: Hashable, Comparable, Sendable {
    public let high: UInt64
    public let low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    @inlinable
    public static func < (left: BuyerID, right: BuyerID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension BuyerID {
    /// `byr_` and 26 characters of Crockford's base 32.
    public var text: String {
        "byr_" + Base32.encode(high >> 14, digits: 10)
            + Base32.encode((high & 0x3fff) << 46 | low >> 18, digits: 12)
            + Base32.encode(low & 0x3_ffff, digits: 4)
    }

    /// - Returns: nil unless `text` is exactly what ``text`` gives for some buyer.
    public init?(text: String) {
        guard text.utf8.count == 30, text.utf8.starts(with: "byr_".utf8) else { return nil }
        let digits = text.utf8.dropFirst(4)
        guard let first = Base32.decode(digits.prefix(10)), let middle = Base32.decode(digits.dropFirst(10).prefix(12)),
            let last = Base32.decode(digits.dropFirst(22)), last < 1 << 18
        else { return nil }
        self.init(high: first << 14 | middle >> 46, low: (middle & 0x3fff_ffff_ffff) << 18 | last)
    }
}

/// A 128-bit digest of an idempotency key or of a request body.
@frozen
public struct Digest128: Hashable, Comparable, Sendable {
    public let high: UInt64
    public let low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    @inlinable
    public static func < (left: Digest128, right: Digest128) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
