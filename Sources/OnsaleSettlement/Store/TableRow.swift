import OnsaleMigrations
import OnsaleValues

/// A row of a table, read strictly.
struct TableRow {
    private let values: [String?]

    init(_ values: [String?]) { self.values = values }

    func optional(_ column: Int) -> String? { values.indices.contains(column) ? values[column] : nil }

    func text(_ column: Int) throws(SettlementError) -> String {
        guard let value = optional(column) else { throw TableRow.damaged }
        return value
    }

    func number(_ column: Int) throws(SettlementError) -> Int64 {
        guard let number = Int64(try text(column)) else { throw TableRow.damaged }
        return number
    }

    func moment(_ column: Int) throws(SettlementError) -> Timestamp {
        Timestamp(milliseconds: try number(column))
    }

    func day(_ column: Int) throws(SettlementError) -> SettlementDay {
        guard let day = SettlementDay(try text(column)) else { throw TableRow.damaged }
        return day
    }

    func name<Name: RawRepresentable<String>>(_ column: Int) throws(SettlementError) -> Name {
        guard let name = Name(rawValue: try text(column)) else { throw TableRow.damaged }
        return name
    }

    private static let damaged = SettlementError(.damaged, "a table of the settlement has a value of another kind")
}

extension OrderState {
    /// A row of `settlement_state` without its order.
    init(_ row: TableRow) throws(SettlementError) {
        self.init(
            identity: try row.text(1), sequence: try row.number(0), at: try row.moment(2), day: try row.day(3),
            refunded: try row.number(4), owed: try row.number(5), disputed: try row.number(6),
            hasEnded: try row.number(7) != 0, isSold: try row.number(8) != 0)
    }
}

extension SQLSession {
    /// Inserts rows, some hundred values a statement.
    func insert(into table: String, _ columns: [String], _ rows: [[String?]], otherwise: String = "") throws {
        let rowsMax = max(1, 500 / columns.count)
        for start in stride(from: 0, to: rows.count, by: rowsMax) {
            let part = rows[start..<min(start + rowsMax, rows.count)]
            let values = part.indices.map { index in
                let first = (index - start) * columns.count + 1
                return "(" + columns.indices.map { "$\(first + $0)" }.joined(separator: ", ") + ")"
            }
            _ = try self.rows(
                "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES "
                    + values.joined(separator: ", ") + otherwise, part.flatMap { $0 })
        }
    }
}
