/// A text as a QR code (ISO/IEC 18004).
package struct QRSymbol: Hashable, Sendable {
    /// Neighbouring dark modules of a row, which are drawn as one.
    package struct Run: Hashable, Sendable {
        package let row: Int
        package let column: Int
        package let length: Int
    }

    /// Modules a side, without the quiet zone.
    package let width: Int
    package let runs: [Run]

    /// The quiet zone that a scanner needs around the code, in modules.
    package static let quietZone = 4

    /// Makes the smallest code that keeps level M, which survives 15 % damage: a fold, a coffee stain.
    /// - Returns: nil for text too long for any QR code.
    package init?(_ text: String) {
        guard let codewords = QRCodewords(Array(text.utf8)) else { return nil }
        width = codewords.version.width
        runs = QRSymbol.runs(QRMask.best(QRGrid(codewords), codewords.version))
    }

    private static func runs(_ grid: QRGrid) -> [Run] {
        var runs: [Run] = []
        for (index, row) in grid.rows.enumerated() {
            var column = 0
            while column < grid.width {
                let start = column
                while column < grid.width, row[column] { column += 1 }
                if column > start { runs.append(Run(row: index, column: start, length: column - start)) }
                column += 1
            }
        }
        return runs
    }

    /// Modules a side, with the quiet zone.
    package var span: Int { width + 2 * QRSymbol.quietZone }
}
