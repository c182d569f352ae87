import OnsaleMigrations
import OnsalePostgres
import OnsaleSchema
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
