import Foundation
import OnsaleMigrations

/// A plan as a table.
enum MigrationTable {
    static func lines(_ plan: MigrationPlan) -> [String] {
        let head = ["version", "description", "state", "when", "by", "ms"]
        let rows = plan.entries.map { entry in
            [
                entry.version ?? "", entry.description, entry.state.rawValue,
                // To the second is enough.
                entry.row?.installedOn.map { String($0.prefix(19)) } ?? "", entry.row?.installedBy ?? "",
                entry.row.map { "\($0.executionTime)" } ?? "",
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            let cells = zip(row, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }
            return "  " + cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }
}
