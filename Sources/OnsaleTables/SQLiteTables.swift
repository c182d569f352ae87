import Foundation
import GRDB
package import OnsaleMigrations

/// The tables of a service in a file. Several processes of one machine may use it.
package final class SQLiteTables: Tables {
    /// How long to wait for another process that writes, in seconds.
    private static let busySeconds: TimeInterval = 10

    package let clock = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    private let database: DatabaseQueue
    private let queue: SessionQueue
    /// Of their own, so that who only reads doesn't wait for a disk.
    private let reader: DatabaseQueue
    private let readers: SessionQueue
    private let statements = StatementShelf()
    private let readStatements = StatementShelf()

    /// Opens the file, creates it if it is missing, and brings it up to date.
    /// - Parameters:
    ///   - name: what the operator calls it.
    ///   - migrates: otherwise one that isn't up to date is refused.
    /// - Throws: ``MigrationError``, errors of SQLite.
    package init(path: String, name: String, migrations: MigrationSet, migrates: Bool = true) throws {
        var configuration = Configuration()
        configuration.label = "onsale.\(name)"
        configuration.busyMode = .timeout(SQLiteTables.busySeconds)
        configuration.prepareDatabase { database in
            // A write-ahead log lets others read meanwhile. FULL: what was committed survives a loss of power.
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        }
        database = try DatabaseQueue(path: path, configuration: configuration)
        queue = SessionQueue("onsale.tables.\(name)")
        try database.writeWithoutTransaction { database in
            let migrator = Migrator(migrations, SQLiteMigrations(place: name, database: database))
            if migrates { try migrator.migrate() } else { try migrator.check() }
        }
        var reading = Configuration()
        reading.label = "onsale.\(name) reading"
        reading.readonly = true
        reading.busyMode = .timeout(SQLiteTables.busySeconds)
        reader = try DatabaseQueue(path: path, configuration: reading)
        readers = SessionQueue("onsale.tables.\(name).reading")
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        try await queue.run { [database, statements] in
            try database.writeWithoutTransaction { database in
                // Immediate, so that two writers wait for one another instead of failing half-way.
                var value: Value?
                try database.inTransaction(.immediate) {
                    value = try body(SQLiteSession(database, statements: statements))
                    return .commit
                }
                guard let value else { throw TablesError.closed }
                return value
            }
        }
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        try await readers.run { [reader, readStatements] in
            try reader.read { try body(SQLiteSession($0, statements: readStatements)) }
        }
    }

    package func close() async {
        await readers.close { [reader, readStatements] in
            readStatements.empty()
            try? reader.close()
        }
        await queue.close { [database, statements] in
            statements.empty()
            try? database.close()
        }
    }
}
