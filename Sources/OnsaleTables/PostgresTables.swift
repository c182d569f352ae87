package import OnsaleMigrations
package import OnsalePostgres

/// The tables of a service in a schema of its own. Several nodes may use it.
package final class PostgresTables: Tables {
    /// How long a transaction may take, waiting for a connection included.
    private static let limit = Duration.seconds(10)

    package let clock = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    private let pool: PostgresPool
    private let queue: SessionQueue
    /// Who only reads doesn't wait for a disk.
    private let readers: SessionQueue
    private let schema: String

    /// Makes the schema if it is missing, and brings it up to date.
    /// - Parameter migrates: otherwise one that isn't up to date is refused.
    /// - Throws: ``MigrationError``, `PostgresError`.
    package init(
        _ configuration: PostgresConfiguration, schema: String, migrations: MigrationSet, migrates: Bool = true
    ) throws {
        self.schema = "\"\(schema.replacing("\"", with: "\"\""))\""
        // One to write with and, once somebody reads meanwhile, one more.
        pool = PostgresPool(configuration, size: 2)
        queue = SessionQueue("onsale.tables.\(schema)")
        readers = SessionQueue("onsale.tables.\(schema).reading")
        let migrator = Migrator(migrations, try PostgreSQLMigrations(configuration, schema: schema))
        if migrates { try migrator.migrate() } else { try migrator.check() }
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        try await transact("READ WRITE", on: queue, body)
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        try await transact("ISOLATION LEVEL REPEATABLE READ, READ ONLY", on: readers, body)
    }

    private func transact<Value: Sendable>(
        _ mode: String, on queue: SessionQueue, _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws -> Value {
        try await queue.run { [pool, schema] in
            try pool.withConnection(by: .after(PostgresTables.limit)) { connection in
                let session = PostgresSession(connection, limit: PostgresTables.limit)
                try session.execute("BEGIN \(mode); SET LOCAL search_path TO \(schema)")
                do {
                    let value = try body(session)
                    try session.execute("COMMIT")
                    return value
                } catch {
                    // The first error says why. The pool closes a connection that is still in a transaction.
                    try? session.execute("ROLLBACK")
                    throw error
                }
            }
        }
    }

    package func close() async {
        await readers.close {}
        await queue.close { [pool] in pool.close() }
    }
}
