/// A connection for scripts, such as migrations, which may take long and wait for one another. A class, since it owns a
/// connection; one owner at a time.
package final class PostgresSession {
    package let connection: PostgresConnection
    private let limit: Duration

    /// Connects.
    /// - Parameter limit: how long each call may take, waiting for locks included.
    /// - Throws: ``PostgresError``.
    package init(_ configuration: PostgresConfiguration, limit: Duration = .seconds(600)) throws {
        var configuration = configuration
        configuration.statementLimit = limit
        configuration.lockLimit = limit
        self.limit = limit
        connection = try PostgresConnection(configuration)
    }

    /// Executes one or more statements.
    /// - Throws: ``PostgresError``.
    package func execute(_ sql: String) throws {
        try connection.execute(sql, by: .after(limit))
    }

    /// Executes one statement with values as text (`$1`, `$2` …), nil for NULL.
    /// - Returns: its rows, each value as text, nil for NULL.
    /// - Throws: ``PostgresError``.
    package func rows(_ sql: String, _ parameters: [String?]) throws -> [[String?]] {
        try connection.rows(sql, parameters, by: .after(limit))
    }

    /// Ends it, and whatever transaction is open.
    package func close() {
        connection.close()
    }
}
