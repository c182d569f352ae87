import ArgumentParser
import Foundation
import OnsaleMigrations
import OnsaleStorage

/// Which databases a command about migrations is about: PostgreSQL's, or the files of a data folder; the services' too.
struct MigrationOptions: ParsableArguments {
    @Option(help: "The URL of a PostgreSQL database (DATABASE_URL). Without it, the data folder is meant.")
    var database: String?

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    func validate() throws {
        if database != nil, data != nil { throw ValidationError("--database and --data exclude each other.") }
    }

    /// Runs `body` with a migrator of each database.
    /// - Parameter isReadOnly: whether nothing may be changed; otherwise nobody else may use the data folder.
    /// - Throws: `ExitCode` after a line for each thing that does not fit.
    func forEachDatabase(isReadOnly: Bool, _ body: (Migrator) throws -> Void) throws {
        do {
            let settings = Settings(typed: [.databaseURL: database, .data: data])
            // A folder that was typed wins over a database of the environment.
            if data == nil, let url = settings.text(.databaseURL) {
                try body(Migrator(postgreSQLMigrations(), openMigrationDatabase(url)))
                try TablePlace.database(url: url).forEachService(isReadOnly: isReadOnly, body)
            } else {
                try MigrationOptions.forEachFile(
                    in: settings.text(.data) ?? "./onsale-data", isReadOnly: isReadOnly, body)
            }
        } catch let error as MigrationError {
            FileHandle.printError(error.description)
            throw ExitCode.failure
        }
    }

    private static func forEachFile(in path: String, isReadOnly: Bool, _ body: (Migrator) throws -> Void) throws {
        // A server that starts makes a new folder itself, secrets first.
        guard FileManager.default.fileExists(atPath: "\(path)/\(SQLiteFile.journal.name)") else {
            FileHandle.printError("onsale: there is no journal in \(path)")
            throw ExitCode(2)
        }
        let folder = isReadOnly ? nil : try DataFolder(path: path)
        defer { folder?.unlock() }
        for file in SQLiteFile.allCases { try file.withMigrator(in: path, isReadOnly: isReadOnly, body) }
        try TablePlace.folder(path).forEachService(isReadOnly: isReadOnly, body)
    }
}
