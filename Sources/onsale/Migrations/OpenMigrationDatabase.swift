import OnsaleMigrations
import OnsalePostgres
import OnsaleSchema
import OnsaleTables
import OnsaleStorage

/// Every migration: a PostgreSQL database holds what are three files in a data folder, and what nodes share.
func postgreSQLMigrations() throws(MigrationError) -> MigrationSet {
    try OnsaleSchema.migrations()
}

/// Connects to PostgreSQL to look at its history and to migrate.
/// - Throws: an error for the operator, without the URL's password.
func openMigrationDatabase(_ url: String) throws -> any MigrationDatabase {
    try PostgreSQLMigrations(PostgresConfiguration(url: url))
}

/// Brings a PostgreSQL database to this version's schema; or, if it must not, refuses one that isn't there. Blocks, for a
/// minute at most while other nodes migrate.
/// - Throws: `MigrationError`, which says what to do; errors of the connection.
func bringUpDatabase(_ url: String, migrates: Bool) throws {
    let migrator = try Migrator(postgreSQLMigrations(), openMigrationDatabase(url))
    if migrates { try migrator.migrate() } else { try migrator.check() }
}
