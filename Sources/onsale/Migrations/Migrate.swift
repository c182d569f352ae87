import ArgumentParser
import Foundation
import OnsaleMigrations

/// `onsale migrate`: applies what is pending.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a database to this version's schema.",
        discussion: "A server does so at its start, unless ONSALE_MIGRATE is false.")

    @OptionGroup var options: MigrationOptions

    func run() throws {
        var newest: [String] = []
        var isNew = false
        try options.forEachDatabase(isReadOnly: false) { migrator in
            for migration in try migrator.migrate() {
                isNew = true
                FileHandle.printLine("\(migrator.database.place): applied \(migration.title)")
            }
            newest.append(migrator.standing)
        }
        if !isNew { FileHandle.printLine("Nothing to do: \(newest.joined(separator: ", ")).") }
    }
}

extension Migrator {
    /// Where a migrated database stands.
    fileprivate var standing: String {
        "\(database.place) is at version \(migrations.migrations.last?.version.text ?? "0")"
    }
}
