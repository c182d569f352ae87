import OnsaleMigrations
import OnsaleTables
import TestTables

/// Runs `body` in a transaction on empty tables of a service.
func withSession(
    of service: String, in kind: TablesKind, _ body: @escaping @Sendable (any SQLSession) throws -> Void
) async throws {
    try await withTables(kind, of: service) { open in
        let tables = try open()
        try await tables.write(body)
        await tables.close()
    }
}
