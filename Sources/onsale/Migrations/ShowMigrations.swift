import ArgumentParser
import Foundation
import OnsaleMigrations

/// `onsale info`: what has been done to a database, and what is to come.
struct ShowMigrations: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "List a database's migrations: applied, pending, and what does not fit.",
        discussion: "Exits with 0 if all fits, also when something is pending, or 1 and a line for each that does not.")

    @OptionGroup var options: MigrationOptions

    func run() throws {
        var findings: [String] = []
        var isFirst = true
        try options.forEachDatabase(isReadOnly: true) { migrator in
            let plan = try migrator.plan()
            if !isFirst { FileHandle.printLine("") }
            isFirst = false
            FileHandle.printLine(migrator.database.place)
            for line in MigrationTable.lines(plan) { FileHandle.printLine(line) }
            findings += plan.findings.map { "\(migrator.database.place): \($0)" }
        }
        if !findings.isEmpty { FileHandle.printLine("") }
        for line in findings { FileHandle.printLine(line) }
        guard findings.isEmpty else { throw ExitCode.failure }
    }
}
