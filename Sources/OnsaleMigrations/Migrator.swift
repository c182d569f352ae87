/// Brings one database to the schema that the files describe, and says how it stands.
///
/// Each migration and its row in the history are one transaction, under the lock that Flyway takes too, and the history
/// is read anew under it: so any number of processes may migrate at once, and each migration is applied once.
package struct Migrator {
    package let migrations: MigrationSet
    package let database: any MigrationDatabase

    package init(_ migrations: MigrationSet, _ database: any MigrationDatabase) {
        self.migrations = migrations
        self.database = database
    }

    /// How the database stands. Changes nothing and takes no lock.
    package func plan() throws -> MigrationPlan {
        MigrationPlan(migrations, history: try database.history())
    }

    /// Applies whatever is pending.
    /// - Returns: what was applied.
    /// - Throws: ``MigrationError``, and errors of the database.
    @discardableResult
    package func migrate() throws -> [Migration] {
        // Almost always there is nothing to do, and then there is no need for the lock.
        let plan = try plan()
        try refuse(plan.findings)
        guard !plan.pending.isEmpty else { return [] }
        var applied: [Migration] = []
        while let migration = try database.exclusively({ try applyNext() }) { applied.append(migration) }
        return applied
    }

    /// Throws unless the database is as this program needs it.
    /// - Throws: ``MigrationError``, and errors of the database.
    package func check() throws {
        let plan = try plan()
        try refuse(plan.findings)
        guard plan.pending.isEmpty else {
            throw MigrationError(.pending, lines(plan.pending.map(Migrator.pendingLine)))
        }
    }

    /// A line for each thing that does not fit, what is pending included.
    package func validate() throws -> [String] {
        let plan = try plan()
        return (plan.findings.map(\.description) + plan.pending.map(Migrator.pendingLine)).map {
            "\(database.place): \($0)"
        }
    }

    private static func pendingLine(_ migration: Migration) -> String {
        "Migration \(migration.title) has not been applied yet. Run `onsale migrate`."
    }

    /// The next one to apply, now applied; nil if there is none. In the database's transaction.
    private func applyNext() throws -> Migration? {
        if try !database.hasHistory() {
            let strangers = try database.strangers()
            guard strangers.isEmpty else {
                throw MigrationError(
                    .occupied,
                    "\(database.place) has no history of migrations, but tables of somebody else: "
                        + "\(strangers.joined(separator: ", ")). Give onsale a database or a schema of its own.")
            }
            try database.session.execute(database.table.creation)
        }
        let history = try database.history()
        let plan = MigrationPlan(migrations, history: history)
        try refuse(plan.findings)
        guard let migration = plan.pending.first else { return nil }
        let installer = try database.installer()
        let clock = ContinuousClock()
        let began = clock.now
        do {
            try database.session.execute(migration.sql)
        } catch {
            throw MigrationError(
                .failed,
                "\(database.place): Migration \(migration.title) has failed and was rolled back: \(error). Put right "
                    + "what it complains of, then run `onsale migrate`.",
                underlying: error)
        }
        let milliseconds = (clock.now - began) / .milliseconds(1)
        try database.insert(
            HistoryRow(
                migration, rank: Migrator.nextRank(history), by: installer,
                milliseconds: Int32(clamping: Int64(milliseconds))))
        return migration
    }

    private static func nextRank(_ history: [HistoryRow]) -> Int32 {
        (history.map(\.rank).max() ?? 0) + 1
    }

    private func refuse(_ findings: [MigrationFinding]) throws {
        guard !findings.isEmpty else { return }
        throw MigrationError(.unfit, lines(findings.map(\.description)))
    }

    private func lines(_ sentences: [String]) -> String {
        sentences.map { "\(database.place): \($0)" }.joined(separator: "\n")
    }
}
