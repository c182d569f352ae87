import Foundation
package import GRDB
package import OnsaleMigrations
import OnsaleSchema

/// A database file of a data folder. Each has migrations of its own, in the folder of its name, and its own history.
package enum SQLiteFile: String, CaseIterable, Sendable {
    case journal
    case documents
    case snapshots

    package var name: String { rawValue + ".sqlite" }

    /// - Throws: ``MigrationError`` if the program's files are incomplete.
    package func migrations() throws(MigrationError) -> MigrationSet {
        try OnsaleSchema.migrations(in: rawValue)
    }

    /// A migrator of this file. Give it a connection that is in no transaction, and keep it no longer than that.
    package func migrator(_ database: Database) throws(MigrationError) -> Migrator {
        Migrator(try migrations(), SQLiteMigrations(place: name, database: database))
    }
}

/// The history in a file of SQLite. The lock is SQLite's own: only one process writes at a time.
package struct SQLiteMigrations: MigrationDatabase {
    package let place: String
    package var session: any SQLSession { Session(database: database) }
    package let table = HistoryTable(
        quoted: "\"\(HistoryTable.name)\"", now: "(strftime('%Y-%m-%d %H:%M:%f', 'now'))")
    private let database: Database

    package init(place: String, database: Database) {
        self.place = place
        self.database = database
    }

    private struct Session: SQLSession {
        let database: Database

        func execute(_ sql: String) throws {
            try database.execute(sql: sql)
        }

        func rows(_ sql: String, _ parameters: [String?]) throws -> [[String?]] {
            try Row.fetchAll(database, sql: sql, arguments: StatementArguments(parameters)).map { row in
                (0..<row.count).map { row[$0] as String? }
            }
        }
    }

    package func hasHistory() throws -> Bool {
        // Not `tableExists`, whose cache doesn't know what other processes do.
        try !session.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1", [HistoryTable.name]
        ).isEmpty
    }

    package func exclusively<Value>(_ body: () throws -> Value) throws -> Value {
        var value: Value?
        do {
            try database.inTransaction(.immediate) {
                value = try body()
                return .commit
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            throw MigrationError(
                .busy, "\(place): another process keeps writing to it. Stop that one, then start again.",
                underlying: error)
        }
        guard let value else { preconditionFailure("a transaction that was committed has run its body") }
        return value
    }

    /// None: folders from before the history have our tables, and nobody else's.
    package func strangers() -> [String] { [] }

    package func installer() -> String { NSUserName() }
}

extension SQLiteFile {
    /// Runs `body` with a migrator of this file in a folder. A file that is missing is created, or, for reading alone,
    /// counts as empty.
    /// - Throws: ``MigrationError``, errors of SQLite, what `body` throws.
    package func withMigrator<Value>(
        in folder: String, isReadOnly: Bool, _ body: (Migrator) throws -> Value
    ) throws -> Value {
        var configuration = Configuration()
        configuration.label = "onsale.migrations"
        configuration.readonly = isReadOnly
        configuration.busyMode = .timeout(10)
        let path = folder + "/" + name
        let isMissing = !FileManager.default.fileExists(atPath: path)
        let queue = try DatabaseQueue(
            path: isReadOnly && isMissing ? ":memory:" : path, configuration: configuration)
        defer { try? queue.close() }
        // Reading alone is no matter of the connection's mode, so that both ways are one.
        return try queue.writeWithoutTransaction { try body(try migrator($0)) }
    }
}
