import ArgumentParser
import Foundation
import OnsaleMigrations

/// `onsale repair`: makes a history fit this version's migrations, where an operator has looked and agrees.
struct Repair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a database's history fit this version's migrations.",
        discussion: """
            Forgets failed attempts, notes what edited migrations say today, marks missing ones as deleted. It changes \
            the history alone: whether the tables are right is yours to see. Exits with 1 and a line for each thing \
            that it can't repair.
            """)

    @OptionGroup var options: MigrationOptions

    func run() throws {
        var changes: [String] = []
        var rest: [String] = []
        try options.forEachDatabase(isReadOnly: false) { migrator in
            changes += try migrator.repair()
            rest += try migrator.plan().findings.map { "\(migrator.database.place): \($0)" }
        }
        for line in changes.isEmpty ? ["Nothing to repair."] : changes { FileHandle.printLine(line) }
        for line in rest { FileHandle.printLine(line) }
        guard rest.isEmpty else { throw ExitCode.failure }
    }
}
