import Foundation
import OnsaleMigrations
import OnsalePostgres
import OnsaleSchema
import OnsaleTables

/// Where services keep their tables: each in a file of the data folder, or in a schema of the database that nodes share.
enum TablePlace: Sendable {
    case folder(String)
    case database(url: String)

    /// Opens the tables of a service, and brings them up to date, or refuses them if they aren't.
    /// - Throws: ``MigrationError``, errors of the database.
    func open(_ name: String, migrates: Bool) throws -> any Tables {
        let migrations = try OnsaleSchema.migrations(ofService: name)
        switch self {
        case .folder(let path):
            let (file, place) = try TablePlace.file(name, in: path)
            return try SQLiteTables(path: file, name: place, migrations: migrations, migrates: migrates)
        case .database(let url):
            return try PostgresTables(
                try TablePlace.configuration(name, url), schema: TablePlace.schema(name), migrations: migrations,
                migrates: migrates)
        }
    }

    /// Runs `body` with a migrator of each service's tables. Those that are missing are made, or, for reading alone, count
    /// as empty.
    /// - Throws: ``MigrationError``, errors of the database, what `body` throws.
    func forEachService(isReadOnly: Bool, _ body: (Migrator) throws -> Void) throws {
        for name in try OnsaleSchema.services() {
            let migrations = try OnsaleSchema.migrations(ofService: name)
            switch self {
            case .folder(let path):
                let (file, place) = try TablePlace.file(name, in: path, isReadOnly: isReadOnly)
                try SQLiteMigrations.withMigrator(
                    path: file, place: place, migrations: migrations, isReadOnly: isReadOnly, body)
            case .database(let url):
                try PostgreSQLMigrations.withMigrator(
                    try TablePlace.configuration(name, url), schema: TablePlace.schema(name), migrations: migrations,
                    isReadOnly: isReadOnly, body)
            }
        }
    }

    /// Apart from the sale's own files, which have the same names.
    private static func file(
        _ name: String, in path: String, isReadOnly: Bool = false
    ) throws -> (path: String, place: String) {
        let folder = path + "/services"
        if !isReadOnly {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        return ("\(folder)/\(name).sqlite", "services/\(name).sqlite")
    }

    private static func configuration(_ name: String, _ url: String) throws -> PostgresConfiguration {
        try PostgresConfiguration(url: url, name: "onsale \(name)")
    }

    private static func schema(_ name: String) -> String { "onsale_\(name)" }
}
