import Foundation
import GRDB
import OnsaleMigrations
import OnsalePostgres
import OnsaleStorage
import OnsaleTables
import Servers

/// A database that a test can open again and again.
protocol TestDatabase: Sendable {
    /// Runs `body` with a connection of its own.
    func connect<Value>(_ body: (any MigrationDatabase) throws -> Value) throws -> Value
}

struct SQLiteTestDatabase: TestDatabase {
    let path: String

    func connect<Value>(_ body: (any MigrationDatabase) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.busyMode = .timeout(60)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction {
            try body(SQLiteMigrations(place: "test.sqlite", database: $0))
        }
    }
}

struct PostgresTestDatabase: TestDatabase {
    let url: String
    var lockLimit: Duration = .seconds(60)

    func connect<Value>(_ body: (any MigrationDatabase) throws -> Value) throws -> Value {
        try body(
            PostgreSQLMigrations(place: "test database", session: LibpqSession(url), lockLimit: lockLimit))
    }
}

/// The program's own way to PostgreSQL.
struct ProgramTestDatabase: TestDatabase {
    let url: String

    func connect<Value>(_ body: (any MigrationDatabase) throws -> Value) throws -> Value {
        try body(PostgreSQLMigrations(PostgresConfiguration(url: url)))
    }
}

enum DatabaseKind: String, CaseIterable, Sendable {
    case sqlite
    /// By plain libpq.
    case postgresql
    /// By the connection that the program uses.
    case program
}

/// Runs `body` with an empty database, which is gone afterward.
func withDatabase<Value>(_ kind: DatabaseKind, _ body: (any TestDatabase) async throws -> Value) async throws -> Value {
    switch kind {
    case .sqlite: try await withFolder { try await body(SQLiteTestDatabase(path: $0 + "/test.sqlite")) }
    case .postgresql: try await withPostgres { try await body(PostgresTestDatabase(url: $0)) }
    case .program: try await withPostgres { try await body(ProgramTestDatabase(url: $0)) }
    }
}

func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = NSTemporaryDirectory() + "onsale-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

extension TestDatabase {
    func migrate(_ set: MigrationSet) throws -> [String] {
        try connect { try Migrator(set, $0).migrate().map(\.title) }
    }

    func validate(_ set: MigrationSet) throws -> [String] {
        try connect { try Migrator(set, $0).validate() }
    }

    func check(_ set: MigrationSet) throws {
        try connect { try Migrator(set, $0).check() }
    }

    func repair(_ set: MigrationSet) throws -> [String] {
        try connect { try Migrator(set, $0).repair() }
    }

    func rows(_ sql: String, _ parameters: [String?] = []) throws -> [[String?]] {
        try connect { try $0.session.rows(sql, parameters) }
    }

    func execute(_ sql: String) throws {
        try connect { try $0.session.execute(sql) }
    }

    /// What the history says, one row a line.
    func history() throws -> [String] {
        try rows(
            """
            SELECT CAST(installed_rank AS TEXT), coalesce(version, '-'), description, type, script,
                coalesce(CAST(checksum AS TEXT), '-'), CASE WHEN success THEN 'well' ELSE 'failed' END
            FROM flyway_schema_history ORDER BY installed_rank
            """
        ).map { $0.map { $0 ?? "NULL" }.joined(separator: " | ") }
    }
}

/// Migrations as a test needs them: the file's name and its SQL.
func migrations(_ files: KeyValuePairs<String, String>) throws -> MigrationSet {
    try MigrationSet(files.map { try Migration(script: $0.key, bytes: Array($0.value.utf8)) })
}
