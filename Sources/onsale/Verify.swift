import ArgumentParser
import Foundation
import OnsaleEngine
import OnsalePayments
import OnsaleStorage

/// `onsale verify`: reads a data folder from its first fact and checks the rules.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a data folder against every rule.",
        discussion: "Exits with 0 if all hold, or 1 and a line for each breach. A running server is not disturbed.")

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    func run() throws {
        let path = Settings(typed: [.data: data]).text(.data) ?? "./onsale-data"
        guard FileManager.default.fileExists(atPath: path + "/journal.sqlite") else {
            FileHandle.printError("onsale: there is no journal in \(path)")
            throw ExitCode(2)
        }
        let journal = try SQLiteJournal(folder: path, isReadOnly: true)
        let verification = Verification(
            journal: journal,
            provider: {
                try SandboxAccount.read(folder: URL(fileURLWithPath: path).appendingPathComponent("payments-sandbox"))
                    .map { .init(order: $0.order, intent: $0.intent, captured: $0.captured, refunded: $0.refunded) }
            })
        let report = try verification.run()
        for line in report.lines { FileHandle.printLine(line) }
        for breach in report.breaches { FileHandle.printLine("BREACH \(breach)") }
        guard report.breaches.isEmpty else { throw ExitCode.failure }
        FileHandle.printLine("Every rule holds.")
    }
}
