/// Says how a text breaks into lines. A port: only whoever has the fonts knows.
package protocol TextMeasure {
    /// - Parameters:
    ///   - size: in points.
    ///   - width: in millimetres.
    ///   - keepsWords: whether lines break at spaces alone, as Korean readers like it; a word that is too long then
    ///     makes the block wider than `width`.
    func block(_ text: String, size: Double, isBold: Bool, width: Double, keepsWords: Bool) -> TextBlock
}

/// A text in lines, in millimetres.
package struct TextBlock: Hashable, Sendable {
    package struct Line: Hashable, Sendable {
        package let text: String
        /// From the block's upper edge.
        package let baseline: Double
        package let width: Double

        package init(_ text: String, baseline: Double, width: Double) {
            self.text = text
            self.baseline = baseline
            self.width = width
        }
    }

    package let width: Double
    package let height: Double
    package let lines: [Line]

    package init(width: Double, height: Double, lines: [Line]) {
        self.width = width
        self.height = height
        self.lines = lines
    }
}

/// A text as it is set into its box.
package struct FittedText: Hashable, Sendable {
    /// What is left of the text: it ends in an ellipsis if something is missing.
    package let text: String
    /// In points.
    package let size: Double
    package let keepsWords: Bool
    package let place: TextBox
    package let block: TextBlock

    private static let shrinking = 0.94

    /// Makes the text as large as its style lets it be: it breaks between words; then it shrinks; at the least size it
    /// breaks within words; and what still doesn't fit is cut and ends in an ellipsis.
    package init(_ place: TextBox, by measure: some TextMeasure) {
        let (box, style) = (place.box, place.style)
        func block(_ text: String, _ size: Double, keepsWords: Bool) -> TextBlock? {
            let block = measure.block(
                text, size: size, isBold: style.isBold, width: box.width, keepsWords: keepsWords)
            return block.width <= box.width + 0.01 && block.height <= box.height + 0.01 ? block : nil
        }
        self.place = place
        var size = style.size
        while true {
            if let fit = block(place.text, size, keepsWords: true) {
                (text, self.size, keepsWords, self.block) = (place.text, size, true, fit)
                return
            }
            guard size > style.sizeMin else { break }
            size = max(size * FittedText.shrinking, style.sizeMin)
        }
        self.size = size
        keepsWords = false
        if let fit = block(place.text, size, keepsWords: false) {
            (text, self.block) = (place.text, fit)
            return
        }
        var best = ("", TextBlock(width: 0, height: 0, lines: []))
        // The longest beginning that fits, by halves: more text never takes less room.
        var fitting = 0
        var tooLong = place.text.count
        while fitting + 1 < tooLong {
            let middle = (fitting + tooLong) / 2
            let beginning = place.text.prefix(middle)
            let cut = (beginning.last == " " ? beginning.dropLast() : beginning) + "…"
            if let fit = block(String(cut), size, keepsWords: false) {
                best = (String(cut), fit)
                fitting = middle
            } else {
                tooLong = middle
            }
        }
        (text, self.block) = best
    }
}
