/// Servers like to repeat an address in their answers. What is kept or told of those must not have it.
enum AddressMask {
    /// What stands in an address's place.
    static let mask = "(address)"

    /// A text in which every word with an `@` is masked. Brackets, quotes and punctuation around it stay.
    static func masked(_ text: String) -> String {
        var masked = ""
        var word = ""
        func end() {
            // An address at a sentence's end.
            let trail = word.hasSuffix(".") ? "." : ""
            masked += word.contains("@") ? mask + trail : word
            word = ""
        }
        for scalar in text.unicodeScalars {
            if scalar == " " || scalar.isControl || "<>()[],;:\"".unicodeScalars.contains(scalar) {
                end()
                masked.unicodeScalars.append(scalar)
            } else {
                word.unicodeScalars.append(scalar)
            }
        }
        end()
        return masked
    }
}
