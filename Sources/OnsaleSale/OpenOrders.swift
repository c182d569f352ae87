/// The orders that still need something from the provider. One bit per order keeps changes nearly free at peak load,
/// and scans cheap even in a very long sale.
public struct OpenOrders: Sendable {
    private var words: [UInt64] = []
    public private(set) var count = 0

    public var isEmpty: Bool { count == 0 }

    mutating func set(_ serial: UInt32, isOpen: Bool) {
        let (word, bit) = (Int(serial / 64), UInt64(1) << (serial % 64))
        while words.count <= word { words.append(0) }
        guard (words[word] & bit != 0) != isOpen else { return }
        words[word] ^= bit
        count += isOpen ? 1 : -1
    }

    /// At most `max` open orders with numbers above `serial`, ascending.
    public func serials(after serial: UInt32 = 0, atMost max: Int = .max) -> [UInt32] {
        var found: [UInt32] = []
        let first = serial == .max ? words.count : Int((serial + 1) / 64)
        for word in words.indices.dropFirst(first) {
            var rest = words[word]
            if word == first { rest &= ~0 << UInt64((serial + 1) % 64) }
            while rest != 0 {
                guard found.count < max else { return found }
                found.append(UInt32(word * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return found
    }
}
