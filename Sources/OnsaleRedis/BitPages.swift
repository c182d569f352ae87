/// A set of numbers, made to be written often and read by others: who listens at a node, for one.
///
/// Bits in pages of 65,536 numbers, 8 KiB each, of which only those exist that have a number.
package struct BitPages: Sendable, Equatable {
    static let numbersPerPage = 65_536
    static let wordsPerPage = numbersPerPage / 64

    private(set) var pages: [UInt32: [UInt64]] = [:]

    package init() {}

    package init(_ numbers: some Sequence<UInt32>) {
        for number in numbers { insert(number) }
    }

    package var isEmpty: Bool { pages.isEmpty }

    package var count: Int {
        pages.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.nonzeroBitCount } }
    }

    package func contains(_ number: UInt32) -> Bool {
        guard let words = pages[number / UInt32(BitPages.numbersPerPage)] else { return false }
        let place = Int(number % UInt32(BitPages.numbersPerPage))
        return words[place / 64] & 1 << UInt64(place % 64) != 0
    }

    package mutating func insert(_ number: UInt32) {
        let place = Int(number % UInt32(BitPages.numbersPerPage))
        pages[
            number / UInt32(BitPages.numbersPerPage), default: [UInt64](repeating: 0, count: BitPages.wordsPerPage)
        ][place / 64] |= 1 << UInt64(place % 64)
    }

    package mutating func formUnion(_ other: BitPages) {
        pages.merge(other.pages) { ours, theirs in zip(ours, theirs).map { $0 | $1 } }
    }

    /// Calls `body` with each number, the smallest first.
    package func forEach(_ body: (UInt32) -> Void) {
        for (page, words) in pages.sorted(by: { $0.key < $1.key }) {
            BitPages.forEachPlace(of: words) { body(page * UInt32(BitPages.numbersPerPage) + UInt32($0)) }
        }
    }

    static func forEachPlace(of words: [UInt64], _ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }

    mutating func put(_ words: [UInt64], page: UInt32) {
        pages[page] = words
    }
}
