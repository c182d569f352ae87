package import OnsaleMigrations
package import OnsalePostgres

/// A connection to PostgreSQL as the port wants one. Closes it when nobody refers to it any more.
package struct PostgresSession: SQLSession {
    private let connection: PostgresConnection
    private let limit: Duration

    /// - Parameter limit: how long each call may take.
    package init(_ connection: PostgresConnection, limit: Duration) {
        self.connection = connection
        self.limit = limit
    }

    package func execute(_ sql: String) throws {
        try connection.execute(sql, by: .after(limit))
    }

    package func rows(_ sql: String, _ parameters: [String?]) throws -> [[String?]] {
        try connection.rows(sql, parameters, by: .after(limit))
    }
}

extension PostgreSQLMigrations {
    /// How long a statement of a migration may take. A large table may be written anew.
    private static let statementLimit = Duration.seconds(600)

    /// Connects to a database to migrate it, with a connection of its own.
    /// - Parameters:
    ///   - schema: where the tables are, and made if it is missing; nil for the first of the session's `search_path`.
    ///   - lockLimit: how long to wait for other processes that migrate.
    /// - Throws: ``MigrationError``, `PostgresError`.
    package init(
        _ configuration: PostgresConfiguration, schema: String? = nil, lockLimit: Duration = .seconds(60)
    ) throws {
        var configuration = configuration
        configuration.statementLimit = PostgreSQLMigrations.statementLimit
        let connection = try PostgresConnection(configuration)
        // The server gives up first, and says why.
        let session = PostgresSession(connection, limit: PostgreSQLMigrations.statementLimit + .seconds(10))
        var place = configuration.description
        if let schema {
            place += ", schema \(schema)"
            let quoted = "\"\(schema.replacing("\"", with: "\"\""))\""
            // Two processes at once would both find it missing. The lock's number is ours: "onsale" as a number.
            try session.execute(
                """
                BEGIN; SELECT pg_advisory_xact_lock(122606653991013);
                CREATE SCHEMA IF NOT EXISTS \(quoted); COMMIT; SET search_path TO \(quoted)
                """)
        }
        try self.init(place: place, session: session, lockLimit: lockLimit)
    }

    /// Runs `body` with a migrator of a schema. One that is missing is made, or, for reading alone, counts as empty.
    /// - Throws: ``MigrationError``, `PostgresError`, what `body` throws.
    package static func withMigrator<Value>(
        _ configuration: PostgresConfiguration, schema: String, migrations: MigrationSet, isReadOnly: Bool,
        _ body: (Migrator) throws -> Value
    ) throws -> Value {
        if isReadOnly {
            let session = PostgresSession(try PostgresConnection(configuration), limit: .seconds(10))
            let isThere = try !session.rows("SELECT '1' FROM pg_namespace WHERE nspname = $1", [schema]).isEmpty
            guard isThere else {
                return try SQLiteMigrations.withMigrator(
                    path: "", place: "\(configuration.description), schema \(schema)", migrations: migrations,
                    isReadOnly: true, body)
            }
        }
        return try body(Migrator(migrations, try PostgreSQLMigrations(configuration, schema: schema)))
    }
}
