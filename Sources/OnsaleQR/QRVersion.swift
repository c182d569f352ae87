import Synchronization

/// What all codes of a size have (ISO/IEC 18004), at error correction level M.
struct QRVersion: Sendable {
    /// From 1 to 40.
    let number: Int
    let width: Int
    /// The codewords of an error correction block, and how many blocks there are (table 9).
    let correctionLength: Int
    let blockCount: Int
    /// All codewords, and those of the data.
    let codewordCount: Int
    var dataLength: Int { codewordCount - correctionLength * blockCount }
    /// Modules that are no data, and which of them are dark, but for the format's.
    let reserved: QRGrid
    let pattern: QRGrid
    /// Where the data's modules go, one after the other: the column in the upper byte, the row in the lower.
    let path: [UInt16]
    /// The first modules of a row, as many as it has.
    let inside: BitRow
    let formatPlaces: [[(column: Int, row: Int)]]

    private static let correctionLengths = [
        10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28,
        28,
        28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ]
    private static let blockCounts = [
        1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31,
        33, 35,
        37, 38, 40, 43, 45, 47, 49,
    ]
    private static let known = Mutex<[Int: QRVersion]>([:])

    static let numbers = 1...40

    static func version(_ number: Int) -> QRVersion {
        if let version = known.withLock({ $0[number] }) { return version }
        let made = QRVersion(number)
        known.withLock { $0[number] = made }
        return made
    }

    /// How many codewords of data a version has.
    static func dataLength(_ number: Int) -> Int {
        codewordCount(number) - correctionLengths[number - 1] * blockCounts[number - 1]
    }

    private static func codewordCount(_ number: Int) -> Int {
        var modules = (16 * number + 128) * number + 64
        if number >= 2 {
            let alignments = number / 7 + 2
            modules -= (25 * alignments - 10) * alignments - 55
            if number >= 7 { modules -= 36 }
        }
        return modules / 8
    }

    private init(_ number: Int) {
        self.number = number
        width = 17 + 4 * number
        correctionLength = QRVersion.correctionLengths[number - 1]
        blockCount = QRVersion.blockCounts[number - 1]
        codewordCount = QRVersion.codewordCount(number)
        var frame = Frame(width: width)
        frame.addTiming()
        frame.addFinders()
        frame.addAlignments(QRVersion.alignments(number, width))
        frame.addFormat()
        if number >= 7 { frame.addVersion(number) }
        reserved = frame.reserved
        pattern = frame.pattern
        path = QRVersion.path(around: frame.reserved)
        inside = BitRow(ones: width)
        formatPlaces = QRFormat.places(width: width)
    }

    /// Where alignment patterns are centred (annex E).
    private static func alignments(_ number: Int, _ width: Int) -> [Int] {
        guard number >= 2 else { return [] }
        let count = number / 7 + 2
        let step = number == 32 ? 26 : (number * 4 + count * 2 + 1) / (count * 2 - 2) * 2
        return [6] + (1..<count).map { width - 7 - (count - 1 - $0) * step }
    }

    /// Upward and downward in turn, in strips of two columns from the right, around the timing (section 7.7.3).
    private static func path(around reserved: QRGrid) -> [UInt16] {
        var path: [UInt16] = []
        let width = reserved.width
        let strips = Array(stride(from: width - 1, to: 6, by: -2)) + [5, 3, 1]
        for (turn, right) in strips.enumerated() {
            for step in 0..<width {
                let row = turn % 2 == 0 ? width - 1 - step : step
                for column in [right, right - 1] where !reserved.rows[row][column] {
                    path.append(UInt16(column << 8 | row))
                }
            }
        }
        return path
    }

    private struct Frame {
        var reserved: QRGrid
        var pattern: QRGrid

        init(width: Int) {
            reserved = QRGrid(width: width)
            pattern = reserved
        }

        private mutating func set(_ column: Int, _ row: Int, _ isDark: Bool) {
            guard 0..<pattern.width ~= column, 0..<pattern.width ~= row else { return }
            reserved.set(column, row)
            pattern.set(column, row, isDark)
        }

        mutating func addTiming() {
            for index in 0..<pattern.width {
                set(6, index, index % 2 == 0)
                set(index, 6, index % 2 == 0)
            }
        }

        mutating func addFinders() {
            for (column, row) in [(3, 3), (pattern.width - 4, 3), (3, pattern.width - 4)] {
                for down in -4...4 {
                    for right in -4...4 {
                        let ring = max(abs(down), abs(right))
                        set(column + right, row + down, ring != 2 && ring != 4)
                    }
                }
            }
        }

        mutating func addAlignments(_ places: [Int]) {
            guard let last = places.last else { return }
            for column in places {
                for row in places where ![(6, 6), (6, last), (last, 6)].contains(where: { $0 == (column, row) }) {
                    for down in -2...2 {
                        for right in -2...2 { set(column + right, row + down, max(abs(down), abs(right)) != 1) }
                    }
                }
            }
        }

        /// Keeps its modules free. One of them is always dark.
        mutating func addFormat() {
            for (column, row) in QRFormat.places(width: pattern.width).joined() { set(column, row, false) }
            set(8, pattern.width - 8, true)
        }

        mutating func addVersion(_ number: Int) {
            var rest = number
            for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1f25 }
            let bits = number << 12 | rest
            for index in 0..<18 {
                let (far, near) = (pattern.width - 11 + index % 3, index / 3)
                set(far, near, bits >> index & 1 == 1)
                set(near, far, bits >> index & 1 == 1)
            }
        }
    }
}

/// The format information (section 7.9).
enum QRFormat {
    /// At level M.
    static func bits(mask: Int) -> Int {
        var rest = mask
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        return (mask << 10 | rest) ^ 0x5412
    }

    /// Where each bit goes, the lowest first: two places, as column and row.
    static func places(width: Int) -> [[(column: Int, row: Int)]] {
        (0..<15).map { bit in
            let first =
                switch bit {
                case 0...5: (8, bit)
                case 6, 7: (8, bit + 1)
                case 8: (7, 8)
                default: (14 - bit, 8)
                }
            return [first, bit < 8 ? (width - 1 - bit, 8) : (8, width - 15 + bit)]
        }
    }
}
