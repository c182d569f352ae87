/// A text and the place it has to fit into.
package struct TextBox: Hashable, Sendable {
    package enum Alignment: Hashable, Sendable {
        case left, centre, right
    }

    package let text: String
    package let box: Box
    package let style: TextStyle

    package init(text: String, box: Box, style: TextStyle) {
        self.text = text
        self.box = box
        self.style = style
    }
}

/// How a text is set. Sizes are in points.
package struct TextStyle: Hashable, Sendable {
    /// The size that it has if it fits.
    package let size: Double
    /// The size below which it is cut rather than shrunk.
    package let sizeMin: Double
    package var isBold = false
    package var colour = Colour.ink
    package var alignment = TextBox.Alignment.left

    package init(
        _ size: Double, min sizeMin: Double, isBold: Bool = false, colour: Colour = .ink,
        alignment: TextBox.Alignment = .left
    ) {
        self.size = size
        self.sizeMin = sizeMin
        self.isBold = isBold
        self.colour = colour
        self.alignment = alignment
    }
}
