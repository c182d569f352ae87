/// Where a ticket's holder sits or stands, in words.
package enum PlaceName {
    /// A seat whose name has three parts, such as `F1-3-12`, is said as section, row and seat: `F1구역 3열 12번`, `Section F1,
    /// Row 3, Seat 12`. Any other name stays as it is, since nobody knows what its parts mean.
    package static func seat(_ name: String, in language: DocumentLanguage) -> String {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false).map {
            PlainText.line(String($0))
        }
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return PlainText.line(name) }
        switch language {
        case .korean:
            return zip(parts, ["구역", "열", "번"]).map { part, unit in
                // `가구역-3-12` has said so itself.
                part.hasSuffix(unit) ? part : part + unit
            }.joined(separator: " ")
        case .english:
            // Lines break after the commas alone.
            return "Section\u{a0}\(parts[0]), Row\u{a0}\(parts[1]), Seat\u{a0}\(parts[2])"
        }
    }
}
