package import GRDB
import OnsaleMigrations

/// A connection to SQLite as the port wants one.
package struct SQLiteSession: SQLSession {
    private let database: Database
    private let statements: StatementShelf?

    package init(_ database: Database) { self.init(database, statements: nil) }

    /// - Parameter statements: of the same connection; nil to prepare each anew.
    init(_ database: Database, statements: StatementShelf?) {
        self.database = database
        self.statements = statements
    }

    package func execute(_ sql: String) throws {
        try database.execute(sql: sql)
    }

    package func rows(_ sql: String, _ parameters: [String?]) throws -> [[String?]] {
        // By name: SQLite would number `$1`, `$2` … by where they first stand.
        let named = Dictionary(uniqueKeysWithValues: parameters.enumerated().map { ("\($0.offset + 1)", $0.element) })
        let statement = try statements?.statement(sql, in: database) ?? database.makeStatement(sql: sql)
        return try Row.fetchAll(statement, arguments: StatementArguments(named)).map { $0.databaseValues.map(text) }
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
