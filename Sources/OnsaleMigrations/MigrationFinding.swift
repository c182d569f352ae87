/// Something in a database's history that does not fit, and what to do about it.
package struct MigrationFinding: Hashable, Sendable, CustomStringConvertible {
    package let state: MigrationPlan.State
    /// A sentence or two for the operator.
    package let description: String

    /// nil if the entry is as it should be, or merely pending.
    init?(_ entry: MigrationPlan.Entry) {
        state = entry.state
        let title = entry.migration?.title ?? "\(entry.version ?? "without a version") (\(entry.description))"
        switch entry.state {
        case .applied, .pending, .baseline, .belowBaseline, .deleted: return nil
        case .foreign:
            // Repeatable migrations of Flyway's carry no version, and change nothing that this program knows of.
            guard let version = entry.version, MigrationVersion(version) == nil else { return nil }
            description =
                "The history names a version “\(version)”, which is no version. Nothing here writes such a row: "
                + "find out who has, and remove it."
        case .missing:
            description =
                "Migration \(title) has been applied, but this program has no such file. Run the version of onsale "
                + "that has it; or, if it is gone for good, let `onsale repair` mark it as deleted."
        case .edited:
            description = MigrationFinding.edited(entry, title)
        case .outOfOrder:
            description =
                "Migration \(title) has not been applied, although newer ones have. Give its file a version above "
                + "theirs: what is older than the newest applied is never applied."
        case .failed:
            description =
                "Migration \(title) has failed half way. Undo by hand what it has left in the database; then "
                + "`onsale repair` forgets the attempt, and `onsale migrate` tries again."
        case .future:
            description =
                "Migration \(title) has been applied by a newer version of onsale. Run that version: this one does "
                + "not know what it has changed."
        }
    }

    private static func edited(_ entry: MigrationPlan.Entry, _ title: String) -> String {
        func text(_ checksum: Int32?) -> String { checksum.map { "\($0)" } ?? "none" }
        guard let row = entry.row, let migration = entry.migration else { return "Migration \(title) has changed." }
        let change =
            if row.checksum != migration.checksum {
                "checksum \(text(row.checksum)) then, \(text(migration.checksum)) now"
            } else if row.description != migration.description {
                "it was called “\(row.description)”"
            } else {
                "it was of type \(row.type)"
            }
        return "Migration \(title) has changed since it was applied (\(change)). Put the file back as it was, and the "
            + "change into a new migration; or, if both come to the same, let `onsale repair` note the new one."
    }
}
