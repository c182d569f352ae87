import Foundation

/// The nodes and their events as two tables, readable at 80 columns; wider terminals show longer names.
struct ClusterTable: Decodable {
    struct Node: Decodable {
        let name: String
        let url: String
        let since: String
    }

    struct Event: Decodable {
        let event: String
        let owner: String?
        let epoch: UInt64
        let since: String
        let behind: UInt64?
    }

    let node: String
    let nodes: [Node]
    let events: [Event]

    static let columnsMin = 80
    private static let columnsMax = 200

    /// nil for anything that isn't the answer of a management port.
    init?(json: Data) {
        guard let table = try? JSONDecoder().decode(ClusterTable.self, from: json) else { return nil }
        self = table
    }

    /// A title, the nodes, and a line for each event. The node that was asked has an asterisk.
    func lines(columns: Int, now: Date) -> [String] {
        let columns = max(Self.columnsMin, min(columns, Self.columnsMax))
        let owned = Dictionary(grouping: events, by: \.owner).mapValues(\.count)
        let nodeRows = nodes.map { one in
            [
                (one.name == node ? "* " : "  ") + one.name, "\(owned[one.name] ?? 0)", Self.age(one.since, now),
                one.url,
            ]
        }
        let eventRows = events.map { one in
            [
                one.event, one.owner ?? "–", "\(one.epoch)", Self.age(one.since, now),
                one.behind.map { TopNumber.count(Double($0)) } ?? TopNumber.unknown,
            ]
        }
        return Self.table(
            [("  NODE", false), ("EVENTS", true), ("SINCE", true), ("URL", false)], nodeRows, flexible: [0, 3], columns)
            + [""]
            + Self.table(
                [("EVENT", false), ("OWNER", false), ("EPOCH", true), ("SINCE", true), ("BEHIND", true)], eventRows,
                flexible: [0, 1], columns)
    }

    /// How long ago a moment was; a dash for what is none, or ahead.
    private static func age(_ moment: String, _ now: Date) -> String {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        guard let date = try? style.parse(moment) else { return TopNumber.unknown }
        return TopNumber.age(max(0, now.timeIntervalSince(date)))
    }

    /// Columns as wide as what is in them, numbers to the right. What is too wide is taken from the flexible ones, the
    /// widest first.
    private static func table(
        _ titles: [(name: String, isRight: Bool)], _ rows: [[String]], flexible: [Int], _ columns: Int
    ) -> [String] {
        let rows = [titles.map(\.name)] + rows.map { $0.map(shown) }
        var widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        while widths.reduce(0, +) + 2 * (widths.count - 1) > columns,
            let widest = flexible.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8
        {
            widths[widest] -= 1
        }
        return rows.map { row in
            let line = titles.indices.map { column in
                let text =
                    row[column].count > widths[column] ? row[column].prefix(widths[column] - 1) + "…" : row[column]
                let blanks = String(repeating: " ", count: widths[column] - text.count)
                return titles[column].isRight ? blanks + text : text + blanks
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// Text from outside, safe to print; our own dash stays.
    private static func shown(_ text: String) -> String {
        text == TopNumber.unknown ? text : ScreenLine.harmless(text)
    }
}
