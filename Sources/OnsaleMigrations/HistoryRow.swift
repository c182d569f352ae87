/// A row of `flyway_schema_history`: something that was done to the database.
package struct HistoryRow: Hashable, Sendable {
    /// The order in which things were done; 0 for the creation of schemas by Flyway.
    package let rank: Int32
    /// nil for Flyway's repeatable migrations.
    package let version: String?
    package let description: String
    /// Flyway's `MigrationType`.
    package let type: String
    package let script: String
    package let checksum: Int32?
    package let installedBy: String
    /// When it was done, by the database's clock, as the database writes it; nil before it is written.
    package let installedOn: String?
    /// In milliseconds.
    package let executionTime: Int32
    package let success: Bool

    package init(
        rank: Int32, version: String?, description: String, type: String, script: String, checksum: Int32?,
        installedBy: String, installedOn: String?, executionTime: Int32, success: Bool
    ) {
        self.rank = rank
        self.version = version
        self.description = description
        self.type = type
        self.script = script
        self.checksum = checksum
        self.installedBy = installedBy
        self.installedOn = installedOn
        self.executionTime = executionTime
        self.success = success
    }
}

extension HistoryRow {
    /// The type of our own migrations.
    package static let ownType = "SQL"
    /// Marks a version as deleted, so that everything before that row about it is void.
    package static let deletionType = "DELETE"

    /// What a row means for its version.
    enum Meaning {
        /// Everything up to the version was there when the history began.
        case baseline
        /// The version is no longer applied.
        case revocation
        /// Flyway created the schema.
        case schema
        /// The version was applied, or at least attempted.
        case application
    }

    var meaning: Meaning {
        switch type {
        case "BASELINE", "INIT": .baseline
        case "SCHEMA": .schema
        case HistoryRow.deletionType: .revocation
        case let type where type.hasPrefix("UNDO"): .revocation
        default: .application
        }
    }

    /// The next row for a migration.
    package init(_ migration: Migration, rank: Int32, by installer: String, milliseconds: Int32) {
        self.init(
            rank: rank, version: migration.version.text, description: migration.description, type: HistoryRow.ownType,
            script: migration.script, checksum: migration.checksum, installedBy: installer, installedOn: nil,
            executionTime: milliseconds, success: true)
    }

    /// The row that marks this one's version as deleted, as Flyway's repair writes it.
    package func deletion(rank: Int32) -> HistoryRow {
        HistoryRow(
            rank: rank, version: version, description: description, type: HistoryRow.deletionType, script: script,
            checksum: checksum, installedBy: installedBy, installedOn: nil, executionTime: 0, success: true)
    }
}
