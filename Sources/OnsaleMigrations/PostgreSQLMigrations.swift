import Foundation

/// The history in PostgreSQL, in the first schema of the session's `search_path`.
///
/// The lock is Flyway's own: the transaction's advisory lock of a number made from the table's name, tried again and
/// again. A statement that waited for it would hold a snapshot, for which `CREATE INDEX CONCURRENTLY` under that lock
/// would wait in turn (https://github.com/flyway/flyway, `PostgreSQLAdvisoryLockTemplate`).
package struct PostgreSQLMigrations: MigrationDatabase {
    package let place: String
    package let session: any SQLSession
    package let table: HistoryTable
    private let schema: String
    private let lockLimit: Duration

    private static let pause: TimeInterval = 0.1

    /// How long a migration may wait for a table that somebody reads or writes, in seconds: while it waits, everybody
    /// else waits behind it.
    private static let tableWaitSeconds = 10

    /// - Parameters:
    ///   - place: what the operator calls this database; never with a password.
    ///   - session: used for nothing else, and in no transaction.
    ///   - lockLimit: how long to wait for other processes that migrate.
    /// - Throws: ``MigrationError`` of code `unfit` if the session's `search_path` names no schema; errors of the
    ///   session.
    package init(place: String, session: any SQLSession, lockLimit: Duration = .seconds(60)) throws {
        guard let schema = try session.rows("SELECT CAST(current_schema() AS TEXT)", []).first?.first ?? nil else {
            throw MigrationError(
                .unfit, "\(place): no schema of the search_path exists. Create one, or set search_path.")
        }
        self.place = place
        self.session = session
        self.schema = schema
        self.lockLimit = lockLimit
        table = HistoryTable(quoted: PostgreSQLMigrations.quotedTable(in: schema), now: "now()")
    }

    package static func quotedTable(in schema: String) -> String {
        "\"\(schema.replacingOccurrences(of: "\"", with: "\"\""))\".\"\(HistoryTable.name)\""
    }

    /// The number of Flyway's advisory lock for a table: the letters of `Flyway`, plus Java's hash of the quoted name.
    package static func lockNumber(of quotedTable: String) -> Int64 {
        let hash = quotedTable.utf16.reduce(Int32(0)) { 31 &* $0 &+ Int32($1) }
        return "Flyway".utf8.reduce(Int64(0)) { $0 << 8 | Int64($1) } &+ Int64(hash)
    }

    package func hasHistory() throws -> Bool {
        try !session.rows(
            """
            SELECT '1' FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r'
            """, [schema, HistoryTable.name]
        ).isEmpty
    }

    package func exclusively<Value>(_ body: () throws -> Value) throws -> Value {
        try lock()
        do {
            // Behind a migration that waits for a table, all who want that table wait.
            try session.execute("SET LOCAL lock_timeout = '\(PostgreSQLMigrations.tableWaitSeconds)s'")
            let value = try body()
            try session.execute("COMMIT")
            return value
        } catch {
            // The first error says why. A connection that is gone has rolled back by itself.
            try? session.execute("ROLLBACK")
            throw error
        }
    }

    /// Begins a transaction that has the lock.
    private func lock() throws {
        let number = PostgreSQLMigrations.lockNumber(of: table.quoted)
        let clock = ContinuousClock()
        let deadline = clock.now + lockLimit
        while true {
            // Each statement sees what was committed before it, thus the history as it is under the lock.
            try session.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            let hasLock: Bool
            do {
                hasLock =
                    try session.rows(
                        "SELECT CASE WHEN pg_try_advisory_xact_lock(\(number)) THEN '1' ELSE '0' END", []
                    ).first?.first == "1"
                if !hasLock { try session.execute("ROLLBACK") }
            } catch {
                try? session.execute("ROLLBACK")
                throw error
            }
            if hasLock { return }
            guard clock.now < deadline else {
                throw MigrationError(
                    .busy,
                    "\(place): another process has held the lock for migrations (advisory lock \(number)) for "
                        + "\(lockLimit.components.seconds) seconds. See pg_locks for who; then start again.")
            }
            Thread.sleep(forTimeInterval: PostgreSQLMigrations.pause)
        }
    }

    /// Any table, view or sequence that no extension brought.
    package func strangers() throws -> [String] {
        try session.rows(
            """
            SELECT CAST(c.relname AS TEXT)
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (
                SELECT 1 FROM pg_catalog.pg_depend AS d
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            ORDER BY c.relname LIMIT 5
            """, [schema]
        ).compactMap(\.first).compactMap(\.self)
    }

    package func installer() throws -> String {
        try session.rows("SELECT CAST(current_user AS TEXT)", []).first?.first.flatMap(\.self) ?? ""
    }
}
