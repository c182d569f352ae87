package import GRDB
import OnsaleMigrations

/// A connection to SQLite as the port wants one.
package struct SQLiteSession: SQLSession {
    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    package func execute(_ sql: String) throws {
        try database.execute(sql: sql)
    }

    package func rows(_ sql: String, _ parameters: [String?]) throws -> [[String?]] {
        // By name: SQLite would number `$1`, `$2` … by where they first stand.
        let named = Dictionary(uniqueKeysWithValues: parameters.enumerated().map { ("\($0.offset + 1)", $0.element) })
        return try Row.fetchAll(
            database.cachedStatement(sql: sql), arguments: StatementArguments(named)
        ).map { $0.databaseValues.map(text) }
    }

    private func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let number): String(number)
        case .double(let number): String(number)
        case .string(let text): text
        case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }
}
