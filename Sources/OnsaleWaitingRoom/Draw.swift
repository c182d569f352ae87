import Crypto
import OnsaleValues

/// The draw: which number each lobby entrant gets, computed from a seed so that anyone can repeat it.
///
/// A Fisher–Yates shuffle (Durstenfeld's form; Knuth, TAOCP 2, 3.4.2) whose randomness is SHA-256 over seed and
/// counter. docs/draw.md specifies it to the byte.
public enum Draw {
    /// The length of a seed, in bytes.
    public static let seedBytes = 32

    /// The SHA-256 of a seed, published while the seed itself is still secret.
    public static func commitment(to seed: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: seed))
    }

    /// The numbers 1 … `count` in lobby order: the first belongs to lobby index 0.
    public static func numbers(seed: [UInt8], count: Int) -> [UInt32] {
        var numbers = [UInt32](unsafeUninitializedCapacity: count) { buffer, written in
            for index in 0..<count { buffer[index] = UInt32(index) + 1 }
            written = count
        }
        var words = Words(seed: seed)
        for index in stride(from: count - 1, to: 0, by: -1) {
            numbers.swapAt(index, Int(words.uniform(below: UInt64(index) + 1)))
        }
        return numbers
    }

    /// The endless stream of 32-bit words derived from a seed.
    struct Words {
        private var input: [UInt8]
        private var block: [UInt8] = []
        private var counter: UInt64 = 0
        private var position = 0

        init(seed: [UInt8]) {
            input = seed + [UInt8](repeating: 0, count: 8)
        }

        mutating func next() -> UInt32 {
            if position == block.count {
                for byte in 0..<8 {
                    input[input.count - 8 + byte] = UInt8(truncatingIfNeeded: counter >> UInt64(56 - 8 * byte))
                }
                block = Array(SHA256.hash(data: input))
                counter += 1
                position = 0
            }
            defer { position += 4 }
            return UInt32(block[position]) << 24 | UInt32(block[position + 1]) << 16
                | UInt32(block[position + 2]) << 8 | UInt32(block[position + 3])
        }

        /// A uniformly distributed number below `bound`. Rejects words at or above the largest multiple of `bound`.
        mutating func uniform(below bound: UInt64) -> UInt64 {
            let all: UInt64 = 1 << 32
            let limit = all - all % bound
            while true {
                let word = UInt64(next())
                if word < limit { return word % bound }
            }
        }
    }
}

/// SHA-256 over the published list of entrants: one buyer per line, in lobby order.
struct EntrantsHash: Sendable {
    private var hasher = SHA256()

    mutating func add(_ line: String) {
        var line = line
        line.withUTF8 { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        hasher.update(data: [UInt8(ascii: "\n")])
    }

    var value: [UInt8] { Array(hasher.finalize()) }
}

extension Line.DrawResult {
    init(seed: [UInt8], entrantsHash: [UInt8], lobbySize: UInt32) {
        self.seed = seed
        self.entrantsHash = entrantsHash
        numbers = Draw.numbers(seed: seed, count: Int(lobbySize)).map(LineNumber.init)
        var places = [PlaceID](repeating: PlaceID(0), count: numbers.count)
        for (index, number) in numbers.enumerated() { places[Int(number.serial) - 1] = PlaceID(UInt32(index) + 1) }
        self.places = places
    }
}
