import Foundation
package import GRDB
package import OnsaleMigrations

/// The history in a file of SQLite. The lock is SQLite's own: only one process writes at a time.
package struct SQLiteMigrations: MigrationDatabase {
    package let place: String
    package var session: any SQLSession { SQLiteSession(database) }
    package let table = HistoryTable(
        quoted: "\"\(HistoryTable.name)\"", now: "(strftime('%Y-%m-%d %H:%M:%f', 'now'))")
    private let database: Database

    package init(place: String, database: Database) {
        self.place = place
        self.database = database
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

extension SQLiteMigrations {
    private static let busySeconds: TimeInterval = 10

    /// Runs `body` with a migrator of a file. One that is missing is created, or, for reading alone, counts as empty.
    /// - Parameter place: what the operator calls it.
    /// - Throws: errors of SQLite, what `body` throws.
    package static func withMigrator<Value>(
        path: String, place: String, migrations: MigrationSet, isReadOnly: Bool, _ body: (Migrator) throws -> Value
    ) throws -> Value {
        var configuration = Configuration()
        configuration.label = "onsale.migrations"
        configuration.readonly = isReadOnly
        configuration.busyMode = .timeout(busySeconds)
        let isMissing = !FileManager.default.fileExists(atPath: path)
        let queue = try DatabaseQueue(
            path: isReadOnly && isMissing ? ":memory:" : path, configuration: configuration)
        defer { try? queue.close() }
        // Reading alone is no matter of the connection's mode, so that both ways are one.
        return try queue.writeWithoutTransaction {
            try body(Migrator(migrations, SQLiteMigrations(place: place, database: $0)))
        }
    }
}
