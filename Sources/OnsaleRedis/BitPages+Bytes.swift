/// As bytes, after one for the version: for each page, in order, the gap to the one before, then either its numbers as
/// gaps or its bits, whichever is shorter. All but bits is LEB128 (7 bits a byte, the lowest first).
///
/// So a set is never larger than an eighth of a byte for each number up to its largest, and about a byte for each number
/// that it has, if those are few.
extension BitPages {
    /// What was read is no such set, or too large.
    package struct Malformed: Error {}

    private static let version: UInt8 = 1
    private static let bytesPerPage = numbersPerPage / 8

    package var bytes: [UInt8] {
        var bytes = [BitPages.version]
        var next: UInt32 = 0
        for (page, words) in pages.sorted(by: { $0.key < $1.key }) {
            BitPages.write(page - next, to: &bytes)
            next = page + 1
            let gaps = BitPages.gaps(of: words)
            if gaps.count < BitPages.bytesPerPage {
                BitPages.write(UInt32(gaps.count) + 1, to: &bytes)
                bytes += gaps
            } else {
                BitPages.write(0, to: &bytes)
                for word in words {
                    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (shift * 8))) }
                }
            }
        }
        return bytes
    }

    /// Reads a set.
    /// - Parameter limit: all numbers must be smaller.
    /// - Throws: ``Malformed``; nothing is allocated beyond what that many numbers need.
    package init(_ bytes: [UInt8], numbersBelow limit: UInt32) throws(Malformed) {
        self.init()
        var rest = bytes[...]
        guard rest.popFirst() == BitPages.version else { throw Malformed() }
        var next: UInt64 = 0
        while !rest.isEmpty {
            let page = try next + UInt64(BitPages.read(&rest))
            let begin = page * UInt64(BitPages.numbersPerPage)
            guard begin < UInt64(limit) else { throw Malformed() }
            let length = Int(try BitPages.read(&rest))
            var words = [UInt64](repeating: 0, count: BitPages.wordsPerPage)
            if length == 0 {
                guard rest.count >= BitPages.bytesPerPage else { throw Malformed() }
                for (index, byte) in rest.prefix(BitPages.bytesPerPage).enumerated() {
                    words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8)
                }
                rest = rest.dropFirst(BitPages.bytesPerPage)
            } else {
                guard rest.count >= length - 1 else { throw Malformed() }
                var gaps = rest.prefix(length - 1)
                rest = rest.dropFirst(length - 1)
                var place = 0
                while !gaps.isEmpty {
                    place += Int(try BitPages.read(&gaps))
                    guard place < BitPages.numbersPerPage else { throw Malformed() }
                    words[place / 64] |= 1 << UInt64(place % 64)
                    place += 1
                }
            }
            guard let last = words.lastIndex(where: { $0 != 0 }) else { throw Malformed() }
            let largest = begin + UInt64(last * 64 + 63 - words[last].leadingZeroBitCount)
            guard largest < UInt64(limit) else { throw Malformed() }
            put(words, page: UInt32(page))
            next = page + 1
        }
    }

    private static func gaps(of words: [UInt64]) -> [UInt8] {
        var gaps: [UInt8] = []
        var next = 0
        forEachPlace(of: words) { place in
            // What is longer than the bits is thrown away.
            guard gaps.count < bytesPerPage else { return }
            write(UInt32(place - next), to: &gaps)
            next = place + 1
        }
        return gaps
    }

    private static func write(_ number: UInt32, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func read(_ bytes: inout ArraySlice<UInt8>) throws(Malformed) -> UInt32 {
        var number: UInt32 = 0
        for shift: UInt32 in [0, 7, 14] {
            guard let byte = bytes.popFirst() else { throw Malformed() }
            number |= UInt32(byte & 0x7f) << shift
            if byte < 0x80 { return number }
        }
        throw Malformed()
    }
}
