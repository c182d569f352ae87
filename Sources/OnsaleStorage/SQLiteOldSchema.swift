package import GRDB

/// Lets a connection that may change nothing read a journal from before there were epochs: the views of that connection
/// alone stand before the tables, and say 0 for what those lack.
package enum SQLiteOldSchema {
    package static func supplyEpochs(_ database: Database) throws {
        func hasColumn(_ table: String, _ column: String) throws -> Bool {
            try Bool.fetchOne(
                database, sql: "SELECT count(*) > 0 FROM pragma_table_info(?) WHERE name = ?",
                arguments: [table, column]) ?? false
        }
        guard try hasColumn("journal", "partition"), try !hasColumn("journal", "epoch") else { return }
        try database.execute(
            sql: """
                CREATE TEMP VIEW journal AS SELECT *, 0 AS epoch FROM main.journal;
                CREATE TEMP VIEW journal_head AS
                SELECT *, 0 AS epoch, NULL AS owner, NULL AS owned_at FROM main.journal_head;
                """)
    }
}
