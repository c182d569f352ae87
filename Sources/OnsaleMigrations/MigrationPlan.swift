/// What the files say and what the history says, side by side.
package struct MigrationPlan: Sendable {
    /// How one version stands.
    package enum State: String, CaseIterable, Sendable {
        case pending
        case applied
        /// Flyway's mark of where the history begins.
        case baseline
        case belowBaseline = "below baseline"
        /// Applied, and there is no such file.
        case missing
        /// Missing or undone, and marked so.
        case deleted
        /// Applied, and the file is another by now.
        case edited
        /// Not applied, although newer ones are.
        case outOfOrder = "out of order"
        case failed
        /// Applied by a newer program.
        case future
        /// Flyway's, of a kind that this program doesn't have; left alone.
        case foreign
    }

    package struct Entry: Sendable {
        /// As written; nil for what has none.
        package let version: String?
        package let description: String
        package let state: State
        package let migration: Migration?
        package let row: HistoryRow?
    }

    /// Everything in the files or in the history, by version.
    package let entries: [Entry]

    /// A plan for a database with such a history, in any order.
    package init(_ set: MigrationSet, history: [HistoryRow]) {
        let past = History(history)
        let newestKnown = set.migrations.last?.version
        let newestApplied = [past.applied.filter(\.value.success).keys.max(), past.baseline].compactMap(\.self).max()
        var found: [(version: MigrationVersion, entry: Entry)] = []
        for migration in set.migrations {
            let row = past.applied[migration.version]
            let state =
                if let row {
                    MigrationPlan.state(of: migration, applied: row, baseline: past.baseline)
                } else if let baseline = past.baseline, migration.version <= baseline {
                    State.belowBaseline
                } else if let newestApplied, migration.version < newestApplied {
                    State.outOfOrder
                } else {
                    State.pending
                }
            let entry = Entry(
                version: migration.version.text, description: migration.description, state: state,
                migration: migration, row: row)
            found.append((migration.version, entry))
        }
        let known = Set(set.migrations.map(\.version))
        for (version, row) in past.applied where !known.contains(version) {
            let isNewer = newestKnown.map { version > $0 } ?? true
            found.append((version, Entry(row, !row.success ? .failed : isNewer ? .future : .missing)))
        }
        for (version, row) in past.revoked where !known.contains(version) {
            found.append((version, Entry(row, .deleted)))
        }
        found.sort { $0.version < $1.version }
        entries = past.others.map { Entry($0, $0.meaning == .baseline ? .baseline : .foreign) } + found.map(\.entry)
    }

    private static func state(
        of migration: Migration, applied row: HistoryRow, baseline: MigrationVersion?
    ) -> State {
        guard row.success else { return .failed }
        if let baseline, migration.version <= baseline { return .applied }
        let isSame =
            row.type == HistoryRow.ownType && row.checksum == migration.checksum
            && row.description == migration.description
        return isSame ? .applied : .edited
    }

    /// What is to be applied, in order.
    package var pending: [Migration] { entries.filter { $0.state == .pending }.compactMap(\.migration) }

    /// What must be put right before anything can be applied.
    package var findings: [MigrationFinding] { entries.compactMap { MigrationFinding($0) } }
}

extension MigrationPlan.Entry {
    fileprivate init(_ row: HistoryRow, _ state: MigrationPlan.State) {
        self.init(version: row.version, description: row.description, state: state, migration: nil, row: row)
    }
}

/// A history by version: the newest row of each is what holds.
private struct History {
    private(set) var applied: [MigrationVersion: HistoryRow] = [:]
    private(set) var revoked: [MigrationVersion: HistoryRow] = [:]
    private(set) var baseline: MigrationVersion?
    /// Rows that are about no single version.
    private(set) var others: [HistoryRow] = []

    init(_ rows: [HistoryRow]) {
        for row in rows.sorted(by: { $0.rank < $1.rank }) {
            guard let version = row.version.flatMap({ MigrationVersion($0) }) else {
                others.append(row)
                continue
            }
            switch row.meaning {
            case .baseline:
                baseline = max(baseline ?? version, version)
                others.append(row)
            case .schema: others.append(row)
            case .revocation:
                applied[version] = nil
                revoked[version] = row
            case .application:
                applied[version] = row
                revoked[version] = nil
            }
        }
    }
}
