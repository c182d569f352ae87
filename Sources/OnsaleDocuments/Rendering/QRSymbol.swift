import CQREncode

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
        // Left to choose, the library writes runs of digits and capitals in their denser forms.
        guard let code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        // The lowest bit is the colour; the others say what the module is for.
        let modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width)
        var runs: [Run] = []
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while column < width, modules[row * width + column] & 1 == 1 { column += 1 }
                if column > start { runs.append(Run(row: row, column: start, length: column - start)) }
                column += 1
            }
        }
        self.width = width
        self.runs = runs
    }

    /// Modules a side, with the quiet zone.
    package var span: Int { width + 2 * QRSymbol.quietZone }
}
