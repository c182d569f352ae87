/// A stranger's text as one line that can be drawn, and that is well-formed in XML.
enum PlainText {
    /// More than fits on any page.
    static let charactersMax = 600
    /// Marks on one letter: Vietnamese and Thai need two, Hebrew three. More would climb into other lines.
    static let marksMax = 3

    /// Without control characters and what turns the direction of writing around; runs of spaces become one. Text that
    /// is too long ends in an ellipsis.
    static func line(_ text: String) -> String {
        var line = ""
        var isSpacePending = false
        var marks = 0
        // Bounded by scalars: one character may have any number of them.
        for scalar in text.unicodeScalars.prefix(4 * charactersMax) {
            if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control {
                isSpacePending = !line.isEmpty
            } else if isDrawable(scalar) {
                let isMark = [.nonspacingMark, .enclosingMark].contains(scalar.properties.generalCategory)
                marks = isMark ? marks + 1 : 0
                guard marks <= marksMax else { continue }
                if isSpacePending { line.unicodeScalars.append(" ") }
                isSpacePending = false
                line.unicodeScalars.append(scalar)
            }
        }
        let isCut = text.unicodeScalars.dropFirst(4 * charactersMax).first != nil
        guard isCut || line.count > charactersMax else { return line }
        return line.prefix(charactersMax - 1) + "…"
    }

    private static func isDrawable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Embeddings, overrides, isolates; then what no document of XML may have.
        case 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069, 0x61c, 0xfeff, 0xfffe, 0xffff: false
        default: scalar.properties.generalCategory != .surrogate
        }
    }
}
