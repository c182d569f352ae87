import ArgumentParser
import Foundation
import OnsaleEngine
import OnsalePayments

/// `onsale verify`: reads a journal from its first fact and checks the rules.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a data folder, or a database, against every rule.",
        discussion: "Exits with 0 if all hold, or 1 and a line for each breach. A running server is not disturbed.")

    @Option(help: "The data folder (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Option(help: "The database that nodes share (DATABASE_URL).")
    var database: String?

    @Option(help: "The sandbox's folder, to compare its payments (payments-sandbox in the data folder).")
    var sandbox: String?

    func run() throws {
        let store = try ReadStore(data: data, database: database)
        let sandbox = sandbox ?? store.folder.map { $0 + "/payments-sandbox" }
        let verification = Verification(
            journal: store.journal,
            provider: {
                guard let sandbox else { return [] }
                return try SandboxAccount.read(folder: URL(fileURLWithPath: sandbox))
                    .map { .init(order: $0.order, intent: $0.intent, captured: $0.captured, refunded: $0.refunded) }
            })
        let report = try verification.run()
        for line in report.lines { FileHandle.printLine(line) }
        for breach in report.breaches { FileHandle.printLine("BREACH \(breach)") }
        guard report.breaches.isEmpty else { throw ExitCode.failure }
        FileHandle.printLine("Every rule holds.")
    }
}
