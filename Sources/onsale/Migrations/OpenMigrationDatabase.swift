import OnsaleMigrations
import OnsaleSchema

/// Every migration: a PostgreSQL database holds what are three files in a data folder, and what nodes share.
func postgreSQLMigrations() throws(MigrationError) -> MigrationSet {
    try OnsaleSchema.migrations()
}

/// Connects to PostgreSQL to look at its history and to migrate.
/// - Throws: an error for the operator, without the URL's password.
func openMigrationDatabase(_ url: String) throws -> any MigrationDatabase {
    throw SetupError("DATABASE_URL is set, and this build knows no PostgreSQL.")
}
