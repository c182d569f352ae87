import Foundation

/// The name of an account: what the audit list and the door show.
package struct StaffName: Hashable, Sendable {
    package static let charactersMax = 80
    /// A character may be made of many scalars.
    private static let bytesMax = 400

    package let text: String
    /// Without regard to case and to forms of a letter: names that look alike are one.
    var folded: String {
        text.precomposedStringWithCompatibilityMapping.lowercased().precomposedStringWithCompatibilityMapping
    }

    /// - Returns: nil for what is empty, too long, or holds what can't be seen.
    package init?(_ given: String) {
        let words = given.split(whereSeparator: \.isWhitespace)
        let text = words.joined(separator: " ")
        guard !text.isEmpty, text.utf8.count <= StaffName.bytesMax, text.count <= StaffName.charactersMax,
            text.unicodeScalars.allSatisfy({ !StaffName.isHidden($0) })
        else { return nil }
        self.text = text
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        // The last is a Braille pattern without a dot.
        hidden.contains(scalar.properties.generalCategory) || scalar.properties.isDefaultIgnorableCodePoint
            || scalar.value == 0x2800
    }

    /// Controls, and format characters, with which one name could pass for another.
    private static let hidden: [Unicode.GeneralCategory] = [
        .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
    ]
}
