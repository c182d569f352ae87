/// A square of modules, by rows and by columns at once, so that both can be looked at as quickly.
struct QRGrid: Sendable {
    let width: Int
    var rows: [BitRow]
    var columns: [BitRow]

    init(width: Int) {
        self.width = width
        rows = Array(repeating: BitRow(), count: width)
        columns = rows
    }

    mutating func set(_ column: Int, _ row: Int, _ isDark: Bool = true) {
        rows[row][column] = isDark
        columns[column][row] = isDark
    }

    /// How hard it may be to scan (ISO/IEC 18004, section 7.8.3).
    var penalty: Int {
        var dark = 0
        for row in rows { dark += row.count }
        // In steps of 5 % from one half.
        let balance = 10 * (abs(20 * dark - 10 * width * width) / (width * width))
        return balance + penalty(of: rows) + penalty(of: columns) + 3 * blocks
    }

    /// Runs of five modules or more, and what looks like a finder.
    private func penalty(of lines: [BitRow]) -> Int {
        let inner = BitRow(ones: width - 1)
        var (runs, finders) = (0, 0)
        for line in lines {
            let same = ~(line ^ line.down(1)) & inner
            let pairs = same & same.down(1)
            let fives = pairs & pairs.down(2)
            // A run of n has n - 4 fives, which stand together, and costs n - 2.
            runs += fives.count + 2 * (fives & ~fives.up(1)).count
            // Four modules of the quiet zone before the line; those after it are light as well.
            let wide = line.up(4)
            let core = wide & ~wide.down(1) & wide.down(2) & wide.down(3) & wide.down(4) & ~wide.down(5) & wide.down(6)
            let before = wide.up(1) | wide.up(2) | wide.up(3) | wide.up(4)
            let after = wide.down(7) | wide.down(8) | wide.down(9) | wide.down(10)
            finders += (core & ~before).count + (core & ~after).count
        }
        return runs + 40 * finders
    }

    /// Squares of four modules of one colour.
    private var blocks: Int {
        let inner = BitRow(ones: width - 1)
        var blocks = 0
        for index in 1..<width {
            let (upper, lower) = (rows[index - 1], rows[index])
            let same = ~(upper ^ lower)
            blocks += (same & same.down(1) & ~(upper ^ upper.down(1)) & inner).count
        }
        return blocks
    }
}
