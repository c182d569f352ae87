/// The masks that keep a code from looking like something else (ISO/IEC 18004, section 7.8.2).
enum QRMask {
    /// All eight; each repeats itself after twelve modules, in both directions.
    private static let all: [(rows: [BitRow], columns: [BitRow])] = (0..<8).map { mask in
        var rows = [BitRow](repeating: BitRow(), count: 12)
        var columns = rows
        for line in 0..<12 {
            for index in 0..<177 {
                rows[line][index] = inverts(mask, index, line)
                columns[line][index] = inverts(mask, line, index)
            }
        }
        return (rows, columns)
    }

    private static func inverts(_ mask: Int, _ column: Int, _ row: Int) -> Bool {
        let product = column * row
        return switch mask {
        case 0: (column + row) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (column + row) % 3 == 0
        case 4: (column / 3 + row / 2) % 2 == 0
        case 5: product % 2 + product % 3 == 0
        case 6: (product % 2 + product % 3) % 2 == 0
        default: ((column + row) % 2 + product % 3) % 2 == 0
        }
    }

    /// A code with one of the masks, and the format that says which.
    static func masked(_ grid: QRGrid, _ mask: Int, _ version: QRVersion) -> QRGrid {
        var grid = grid
        let (rows, columns) = all[mask]
        for index in 0..<grid.width {
            grid.rows[index] = grid.rows[index] ^ (rows[index % 12] & ~version.reserved.rows[index] & version.inside)
            grid.columns[index] =
                grid.columns[index] ^ (columns[index % 12] & ~version.reserved.columns[index] & version.inside)
        }
        let bits = QRFormat.bits(mask: mask)
        for (bit, places) in version.formatPlaces.enumerated() {
            for (column, row) in places { grid.set(column, row, bits >> bit & 1 == 1) }
        }
        return grid
    }

    /// The code with the mask that is easiest to scan.
    static func best(_ grid: QRGrid, _ version: QRVersion) -> QRGrid {
        var best = masked(grid, 0, version)
        var least = best.penalty
        for mask in 1..<8 {
            let other = masked(grid, mask, version)
            let penalty = other.penalty
            if penalty < least { (best, least) = (other, penalty) }
        }
        return best
    }
}

extension QRGrid {
    /// A code without its mask and format.
    init(_ codewords: QRCodewords) {
        self = codewords.version.pattern
        for (index, place) in codewords.version.path.prefix(8 * codewords.bytes.count).enumerated()
        where codewords.bytes[index / 8] << UInt8(index % 8) & 0x80 != 0 {
            set(Int(place >> 8), Int(place & 0xff))
        }
    }
}
