package import GRDB
package import OnsaleMigrations
import OnsaleSchema
import OnsaleTables

/// A database file of a data folder. Each has migrations of its own, in the folder of its name, and its own history.
package enum SQLiteFile: String, CaseIterable, Sendable {
    case journal
    case documents
    case snapshots

    package var name: String { rawValue + ".sqlite" }

    /// - Throws: ``MigrationError`` if the program's files are incomplete.
    package func migrations() throws(MigrationError) -> MigrationSet {
        try OnsaleSchema.migrations(in: rawValue)
    }

    /// A migrator of this file. Give it a connection that is in no transaction, and keep it no longer than that.
    package func migrator(_ database: Database) throws(MigrationError) -> Migrator {
        Migrator(try migrations(), SQLiteMigrations(place: name, database: database))
    }
}

extension SQLiteFile {
    /// Runs `body` with a migrator of this file in a folder. A file that is missing is created, or, for reading alone,
    /// counts as empty.
    /// - Throws: ``MigrationError``, errors of SQLite, what `body` throws.
    package func withMigrator<Value>(
        in folder: String, isReadOnly: Bool, _ body: (Migrator) throws -> Value
    ) throws -> Value {
        try SQLiteMigrations.withMigrator(
            path: folder + "/" + name, place: name, migrations: try migrations(), isReadOnly: isReadOnly, body)
    }
}
