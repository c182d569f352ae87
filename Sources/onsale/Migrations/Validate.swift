import ArgumentParser
import Foundation
import OnsaleMigrations

/// `onsale validate`: says whether a database is as this version needs it.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare a database's history with this version's migrations.",
        discussion: "Exits with 0 if they fit and nothing is pending, or 1 and a line for each thing that does not.")

    @OptionGroup var options: MigrationOptions

    func run() throws {
        var lines: [String] = []
        try options.forEachDatabase(isReadOnly: true) { lines += try $0.validate() }
        for line in lines { FileHandle.printLine(line) }
        guard lines.isEmpty else { throw ExitCode.failure }
        FileHandle.printLine("Everything fits.")
    }
}
