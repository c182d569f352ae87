/// A migration's version: numbers between dots, compared number by number, of any length.
///
/// Flyway's rules: underscores stand for dots in a file's name, leading zeros and trailing zero parts don't count.
package struct MigrationVersion: Sendable {
    /// As written, with dots. Flyway keeps it like this in its history.
    package let text: String
    /// Decimal digits without leading zeros, so that length comes before order; without trailing zero parts.
    private let parts: [String]

    /// The longest that fits into the history's column.
    private static let lengthMax = 50

    /// nil unless it is numbers between dots or underscores, of at most 50 characters.
    package init?(_ text: String) {
        let dotted = String(text.map { $0 == "_" ? "." : $0 })
        guard dotted.utf8.count <= MigrationVersion.lengthMax else { return nil }
        var parts: [String] = []
        for part in dotted.split(separator: ".", omittingEmptySubsequences: false) {
            guard !part.isEmpty, part.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
                return nil
            }
            parts.append(String(part.drop { $0 == "0" }))
        }
        while parts.last == "" { parts.removeLast() }
        self.text = dotted
        self.parts = parts
    }
}

extension MigrationVersion: Comparable, Hashable {
    package static func == (left: MigrationVersion, right: MigrationVersion) -> Bool {
        left.parts == right.parts
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(parts)
    }

    package static func < (left: MigrationVersion, right: MigrationVersion) -> Bool {
        for index in 0..<max(left.parts.count, right.parts.count) {
            let one = index < left.parts.count ? left.parts[index] : ""
            let other = index < right.parts.count ? right.parts[index] : ""
            if one != other { return (one.utf8.count, one) < (other.utf8.count, other) }
        }
        return false
    }
}

extension MigrationVersion: CustomStringConvertible {
    package var description: String { text }
}
