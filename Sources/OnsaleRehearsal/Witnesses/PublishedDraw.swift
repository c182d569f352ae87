import Crypto

/// The draw recomputed from the published seed alone, as docs/draw.md invites anyone to do.
///
/// A Fisher–Yates shuffle of 1 … n, with randomness from SHA-256 over the seed and a counter, with rejection. It is
/// deliberately a second implementation: a check that shares code with what it checks finds nothing.
struct PublishedDraw: Sendable {
    /// A larger lobby is taken for a broken answer.
    private static let entrantsMax = 5_000_000

    /// The numbers, in lobby order.
    private let numbers: [UInt32]

    /// nil if the seed isn't hexadecimal or the lobby's size is impossible.
    init?(seedHex: String, entrants: Int) {
        guard let seed = PublishedDraw.bytes(hex: seedHex), (0...PublishedDraw.entrantsMax).contains(entrants) else {
            return nil
        }
        var words = SeedWords(seed: seed)
        var numbers = (0..<entrants).map { UInt32($0) + 1 }
        for last in stride(from: entrants - 1, to: 0, by: -1) {
            numbers.swapAt(last, words.uniform(below: last + 1))
        }
        self.numbers = numbers
    }

    func number(ofLobbyIndex index: Int) -> Int? {
        numbers.indices.contains(index) ? Int(numbers[index]) : nil
    }

    /// The commitment that must have been published for the seed, in lower-case hexadecimal.
    static func commitment(toSeedHex hex: String) -> String? {
        guard let seed = bytes(hex: hex) else { return nil }
        let digits = Array("0123456789abcdef")
        return String(SHA256.hash(data: seed).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static func bytes(hex: String) -> [UInt8]? {
        let digits = hex.utf8.compactMap(\.hexDigitValue)
        guard digits.count == hex.utf8.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// The words a seed yields: block k is SHA-256(seed ‖ k as eight bytes, big-endian), split into eight big-endian words.
private struct SeedWords {
    private let seed: [UInt8]
    private var block: UInt64 = 0
    /// The rest of the current block, in reverse order.
    private var words: [UInt32] = []

    init(seed: [UInt8]) {
        self.seed = seed
    }

    private mutating func next() -> UInt32 {
        if words.isEmpty {
            let counter = (0..<8).map { UInt8(truncatingIfNeeded: block >> UInt64(56 - 8 * $0)) }
            let digest = Array(SHA256.hash(data: seed + counter))
            for start in stride(from: 28, through: 0, by: -4) {
                words.append(digest[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            }
            block += 1
        }
        return words.removeLast()
    }

    /// A uniformly distributed number below the bound; words from the last, incomplete run of 2^32 are rejected.
    mutating func uniform(below bound: Int) -> Int {
        let all: UInt64 = 1 << 32
        let limit = all - all % UInt64(bound)
        while true {
            let word = UInt64(next())
            if word < limit { return Int(word % UInt64(bound)) }
        }
    }
}

extension UInt8 {
    /// The character's value as an ASCII hexadecimal digit.
    var hexDigitValue: Int? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(self - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(self - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
