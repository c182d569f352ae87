import OnsaleEngine
import OnsalePostgres

/// What all nodes must know to verify each other's tokens: signing keys, and hashes of what only people know.
package struct PostgresSecrets: Sendable {
    private let pool: PostgresPool
    private static let limit = Duration.seconds(10)

    static let find = PostgresStatement("secret", "SELECT value FROM secret WHERE name = $1::text")
    private static let make = PostgresStatement(
        "make_secret",
        "INSERT INTO secret (name, value) VALUES ($1::text, $2::bytea) ON CONFLICT (name) DO NOTHING")

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    /// The secret of that name; nil if there is none.
    /// - Throws: ``JournalError``.
    package func secret(_ name: String) throws -> [UInt8]? {
        var values = PostgresValues()
        values.add(name)
        return try translating { connection, deadline in
            let rows = try connection.run(PostgresSecrets.find, values, by: deadline)
            return rows.count == 1 ? rows.bytes(0, 0) : nil
        }
    }

    /// Stores a secret unless there is one of that name already. Nodes that start together get the same.
    /// - Returns: the one that counts.
    /// - Throws: ``JournalError``.
    package func makeSecret(_ name: String, orKeep value: [UInt8]) throws -> [UInt8] {
        var values = PostgresValues()
        values.add(name)
        values.add(value)
        try translating { connection, deadline in
            _ = try connection.run(PostgresSecrets.make, values, by: deadline)
        }
        // A statement of its own: the one before doesn't see what was written while it waited.
        guard let kept = try secret(name) else {
            throw JournalError.unreadable(PostgresError(.refused, "the secret \(name) was deleted"))
        }
        return kept
    }

    private func translating<Value>(_ body: (PostgresConnection, Deadline) throws -> Value) throws -> Value {
        let deadline = Deadline.after(PostgresSecrets.limit)
        do {
            return try pool.withRepeats(by: deadline) { try body($0, deadline) }
        } catch {
            throw PostgresJournal.translate(error)
        }
    }
}
