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
            // Apart from the sale's own files, which have the same names.
            let folder = path + "/services"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            return try SQLiteTables(
                path: "\(folder)/\(name).sqlite", name: "services/\(name).sqlite", migrations: migrations,
                migrates: migrates)
        case .database(let url):
            let configuration = try PostgresConfiguration(url: url, name: "onsale \(name)")
            return try PostgresTables(
                configuration, schema: TablePlace.schema(name), migrations: migrations, migrates: migrates)
        }
    }

    private static func schema(_ name: String) -> String { "onsale_\(name)" }
}
