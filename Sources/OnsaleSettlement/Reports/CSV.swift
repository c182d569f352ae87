/// Comma-separated values by RFC 4180.
public enum CSV {
    public enum Cell: Hashable, Sendable {
        /// A stranger's, maybe.
        case text(String)
        case number(Int64)
        case empty
    }

    /// Rows, each ended by CR LF.
    public static func write(_ rows: [[Cell]]) -> String {
        rows.map { $0.map(write).joined(separator: ",") + "\r\n" }.joined()
    }

    /// Quoted where needed, and no spreadsheet runs it.
    public static func field(_ text: String) -> String { quote(defused(text)) }

    private static func write(_ cell: Cell) -> String {
        switch cell {
        case .empty: ""
        case .number(let number): String(number)
        case .text(let text): field(text)
        }
    }

    /// A spreadsheet takes a text that begins like this for a formula, spaces before it or not; an apostrophe makes it
    /// a text again. <https://owasp.org/www-community/attacks/CSV_Injection>
    private static func defused(_ text: String) -> String {
        let first = text.unicodeScalars.first { !$0.properties.isWhitespace }
        let begins = text.unicodeScalars.first.map { "\t\r\n".unicodeScalars.contains($0) } ?? false
        return begins || first.map { "=+-@|%＝＋－＠".unicodeScalars.contains($0) } ?? false ? "'" + text : text
    }

    private static func quote(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}

extension SettlementReport {
    /// The report for a spreadsheet, amounts in minor units.
    public var csv: String {
        let head = ["day", "gross", "fees", "refunds", "disputes", "net", "provider", "difference"]
        return CSV.write(
            [head.map { .text($0) }]
                + days.map { day in
                    let amounts = [
                        day.gross, day.fees, day.refunds, day.disputes, day.net, day.provider, day.difference,
                    ]
                    return [.text(day.day)] + amounts.map { .number($0) }
                })
    }
}

extension [Difference] {
    /// The differences for a spreadsheet, amounts in minor units.
    public var csv: String {
        let head: [CSV.Cell] = [
            "difference", "day", "order", "payment", "kind", "expected", "listed", "currency", "line", "source",
        ].map { .text($0) }
        return CSV.write([head] + map(\.cells))
    }
}

extension Difference {
    fileprivate var cells: [CSV.Cell] {
        func text(_ text: String?) -> CSV.Cell { text.map { .text($0) } ?? .empty }
        func number(_ number: Int64?) -> CSV.Cell { number.map { .number($0) } ?? .empty }
        return [
            .text(name.rawValue), .text(day.description), text(expected?.order ?? line?.order),
            text(expected?.payment ?? line?.payment), text(expected?.kind.rawValue ?? line?.type),
            number(expected?.amount), number(line?.amount), text(line?.currency ?? expected?.currency), text(line?.id),
            text(line?.source),
        ]
    }
}
