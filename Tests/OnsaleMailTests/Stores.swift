import OnsaleMigrations
import OnsalePostgres
import OnsaleSchema
import OnsaleTables
import Servers

/// Where a service keeps what it knows.
enum TablesKind: String, CaseIterable, Sendable {
    case sqlite
    case postgres
}

/// Runs `body` with a way to open the tables of a service, any number of times.
func withTables<Value>(
    _ kind: TablesKind, of service: String, _ body: (@escaping @Sendable () throws -> any Tables) async throws -> Value
) async throws -> Value {
    let migrations = try OnsaleSchema.migrations(ofService: service)
    switch kind {
    case .sqlite:
        let folder = try TemporaryFolder()
        return try await body {
            try SQLiteTables(path: folder.path + "/\(service).sqlite", name: service, migrations: migrations)
        }
    case .postgres:
        return try await withPostgres { url in
            let configuration = try PostgresConfiguration(url: url)
            return try await body {
                try PostgresTables(configuration, schema: "onsale_\(service)", migrations: migrations)
            }
        }
    }
}

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
