import Foundation

/// The pages' scripts as they are served.
enum ScriptText {
    /// The script without the comments that stand on lines of their own, a third of its bytes on the wire.
    ///
    /// It knows no JavaScript but this: within a template literal, lines are text. Where backticks don't pair up, the rest
    /// is left as it is.
    static func withoutComments(_ script: String) -> String {
        var kept: [Substring] = []
        var isInComment = false
        var isInTemplate = false
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.drop { $0 == " " }
            if isInComment {
                isInComment = !line.hasSuffix("*/")
            } else if !isInTemplate, text.hasPrefix("//") {
                continue
            } else if !isInTemplate, text.hasPrefix("/*"), text.hasSuffix("*/"), text.ranges(of: "*/").count == 1 {
                continue
            } else if !isInTemplate, text.hasPrefix("/*"), !text.contains("*/") {
                isInComment = true
            } else {
                kept.append(line)
                if backticks(in: line) % 2 == 1 { isInTemplate.toggle() }
            }
        }
        // What a comment never ended is no script of ours.
        return isInComment ? script : kept.joined(separator: "\n")
    }

    private static func backticks(in line: Substring) -> Int {
        var count = 0
        var isEscaped = false
        for character in line {
            if character == "`", !isEscaped { count += 1 }
            isEscaped = character == "\\" && !isEscaped
        }
        return count
    }
}
