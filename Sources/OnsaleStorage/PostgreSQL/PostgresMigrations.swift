package import OnsaleMigrations
package import OnsalePostgres

/// A connection as migrations use one. Closes it when nobody refers to it any more.
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
    /// - Parameter lockLimit: how long to wait for other processes that migrate.
    /// - Throws: ``MigrationError``, `PostgresError`.
    package init(_ configuration: PostgresConfiguration, lockLimit: Duration = .seconds(60)) throws {
        var configuration = configuration
        configuration.statementLimit = PostgreSQLMigrations.statementLimit
        let connection = try PostgresConnection(configuration)
        // The server gives up first, and says why.
        let session = PostgresSession(connection, limit: PostgreSQLMigrations.statementLimit + .seconds(10))
        try self.init(place: configuration.description, session: session, lockLimit: lockLimit)
    }
}
