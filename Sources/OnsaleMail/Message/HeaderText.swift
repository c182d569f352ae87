/// Text for people in headers: folded at 78 characters, other letters as encoded words (RFC 5322, 2047).
package enum HeaderText {
    /// The longest line, its end not counted (RFC 5322, section 2.1.1).
    static let lineMax = 78
    private static let bytesMax = 600
    private static let wordPrefix = "=?UTF-8?B?"
    private static let wordSuffix = "?="
    /// RFC 2047, section 2.
    private static let wordMax = 75

    /// What is left of a text in a header: one line, each run of spaces and control characters a space, none around it,
    /// and no more than 600 bytes.
    package static func clean(_ text: String) -> String {
        var cleaned = String.UnicodeScalarView()
        var isGap = false
        for scalar in text.unicodeScalars {
            if scalar.isControl || scalar == " " {
                isGap = !cleaned.isEmpty
            } else {
                if isGap { cleaned.append(" ") }
                isGap = false
                cleaned.append(scalar)
            }
        }
        let kept = String(cleaned).prefix(utf8: bytesMax)
        return kept.last == " " ? String(kept.dropLast()) : kept
    }

    /// A whole header with free text.
    static func line(_ name: String, _ text: String) -> String {
        let cleaned = clean(text)
        let words = cleaned.split(separator: " ").map(String.init)
        // A text that looks like an encoded word would be read as one.
        let isPlain =
            cleaned.utf8.allSatisfy { $0 < 0x80 } && !cleaned.utf8.containsPair("=", "?")
            && words.allSatisfy { $0.utf8.count <= lineMax - 1 }
        return folded(name, isPlain ? words : encodedWords(cleaned, afterBytes: name.utf8.count + 2))
    }

    /// A whole header with a mailbox.
    static func line(_ name: String, _ addressee: MailAddressee) -> String {
        let cleaned = addressee.name.map(clean) ?? ""
        guard !cleaned.isEmpty else { return "\(name): \(addressee.address)\r\n" }
        return folded(name, phrase(cleaned, afterBytes: name.utf8.count + 2) + ["<\(addressee.address)>"])
    }

    /// A name, as atoms that need no quotes, between quotes, or as encoded words.
    private static func phrase(_ name: String, afterBytes: Int) -> [String] {
        guard name.utf8.allSatisfy({ $0 < 0x80 }), !name.utf8.containsPair("=", "?"), name.utf8.count <= 60 else {
            return encodedWords(name, afterBytes: afterBytes)
        }
        if name.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: " ") }) { return [name] }
        var quoted = "\""
        for character in name.unicodeScalars {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.unicodeScalars.append(character)
        }
        return [quoted + "\""]
    }

    /// Encoded words, each within the limit and of whole characters; the first fits behind `afterBytes` on its line.
    private static func encodedWords(_ text: String, afterBytes: Int) -> [String] {
        func room(_ most: Int) -> Int { (most - wordPrefix.utf8.count - wordSuffix.utf8.count) / 4 * 3 }
        var most = room(min(wordMax, lineMax - afterBytes))
        var words: [String] = []
        var bytes: [UInt8] = []
        func end() {
            guard !bytes.isEmpty else { return }
            words.append(wordPrefix + Base64.encode(bytes) + wordSuffix)
            bytes = []
        }
        for scalar in text.unicodeScalars {
            let more = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            if bytes.count + more.count > most {
                end()
                most = room(wordMax)
            }
            bytes += more
        }
        end()
        return words
    }

    private static func folded(_ name: String, _ words: [String]) -> String {
        var lines = name + ":"
        var length = lines.utf8.count
        for (index, word) in words.enumerated() {
            // The first stays beside the name: a line without anything on it confuses some servers.
            if index > 0, length + 1 + word.utf8.count > lineMax {
                lines += "\r\n"
                length = 0
            }
            lines += " " + word
            length += 1 + word.utf8.count
        }
        return lines + "\r\n"
    }
}

extension Unicode.Scalar {
    /// Ends lines, rings bells, turns the direction of writing, or is otherwise not seen.
    var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7f...0x9f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}

extension String {
    /// As many of its first characters as have at most so many bytes.
    func prefix(utf8 most: Int) -> String {
        guard utf8.count > most else { return self }
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > most { break }
            kept.append(scalar)
        }
        return String(kept)
    }
}

extension String.UTF8View {
    fileprivate func containsPair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
        zip(self, dropFirst()).contains { $0 == UInt8(ascii: first) && $1 == UInt8(ascii: second) }
    }
}
