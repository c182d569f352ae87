extension Migrator {
    /// Makes the history fit the files, as Flyway's repair does: forgets failed attempts, notes what edited files say
    /// today, marks what is missing as deleted. Changes nothing but the history. What a newer program has applied stays
    /// as it is, for that program to find; so does what is out of order.
    /// - Returns: a line for each change.
    package func repair() throws -> [String] {
        guard try database.hasHistory() else { return [] }
        return try database.exclusively {
            let history = try database.history()
            var lines: [String] = []
            var rank = (history.map(\.rank).max() ?? 0) + 1
            let failed = history.filter { !$0.success }
            if !failed.isEmpty {
                try database.session.execute(database.table.removalOfFailed)
                lines += failed.map { "Forgot the failed attempt at \($0.version ?? $0.script)." }
            }
            let plan = MigrationPlan(migrations, history: history.filter(\.success))
            for entry in plan.entries {
                guard let row = entry.row else { continue }
                switch entry.state {
                case .edited:
                    guard let migration = entry.migration else { continue }
                    try database.correct(rank: row.rank, to: migration)
                    lines.append("Noted what \(migration.title) says today.")
                case .missing:
                    try database.insert(row.deletion(rank: rank))
                    rank += 1
                    lines.append("Marked \(row.version ?? row.script) (\(row.description)) as deleted.")
                default: continue
                }
            }
            return lines.map { "\(database.place): \($0)" }
        }
    }
}
