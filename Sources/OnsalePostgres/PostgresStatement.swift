/// A statement that each connection prepares once.
package struct PostgresStatement: Sendable {
    /// Unique among the statements of a connection.
    package let name: String
    /// With `$1`, `$2` … for its values. Cast them (`$1::bigint`), so that the server knows their types.
    package let sql: String

    package init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }
}

/// A statement with its values.
package struct PostgresCall: Sendable {
    package let statement: PostgresStatement
    package let values: PostgresValues

    package init(_ statement: PostgresStatement, _ values: PostgresValues = PostgresValues()) {
        self.statement = statement
        self.values = values
    }
}
