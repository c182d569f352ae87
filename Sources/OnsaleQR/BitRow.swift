/// A row of a code's modules, the first in the lowest bit. The largest code has 177.
struct BitRow: Hashable, Sendable {
    private var low: UInt64 = 0
    private var middle: UInt64 = 0
    private var high: UInt64 = 0

    init() {}

    private init(_ low: UInt64, _ middle: UInt64, _ high: UInt64) {
        (self.low, self.middle, self.high) = (low, middle, high)
    }

    /// The first ones are set.
    init(ones count: Int) {
        for index in 0..<count { self[index] = true }
    }

    subscript(index: Int) -> Bool {
        get {
            let word = index < 64 ? low : index < 128 ? middle : high
            return word >> UInt64(index & 63) & 1 == 1
        }
        set {
            let bit: UInt64 = 1 << UInt64(index & 63)
            switch index >> 6 {
            case 0: low = newValue ? low | bit : low & ~bit
            case 1: middle = newValue ? middle | bit : middle & ~bit
            default: high = newValue ? high | bit : high & ~bit
            }
        }
    }

    var count: Int { low.nonzeroBitCount + middle.nonzeroBitCount + high.nonzeroBitCount }

    @inline(__always)
    static func & (left: BitRow, right: BitRow) -> BitRow {
        BitRow(left.low & right.low, left.middle & right.middle, left.high & right.high)
    }
    @inline(__always)
    static func | (left: BitRow, right: BitRow) -> BitRow {
        BitRow(left.low | right.low, left.middle | right.middle, left.high | right.high)
    }
    @inline(__always)
    static func ^ (left: BitRow, right: BitRow) -> BitRow {
        BitRow(left.low ^ right.low, left.middle ^ right.middle, left.high ^ right.high)
    }
    @inline(__always)
    static prefix func ~ (row: BitRow) -> BitRow { BitRow(~row.low, ~row.middle, ~row.high) }

    /// Each module takes the place of the one that is `distance` before it, from 1 to 63.
    @inline(__always)
    func down(_ distance: UInt64) -> BitRow {
        BitRow(
            low >> distance | middle << (64 - distance), middle >> distance | high << (64 - distance),
            high >> distance)
    }

    /// The other way.
    @inline(__always)
    func up(_ distance: UInt64) -> BitRow {
        BitRow(
            low << distance, middle << distance | low >> (64 - distance),
            high << distance | middle >> (64 - distance))
    }
}
