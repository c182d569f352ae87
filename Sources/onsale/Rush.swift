import ArgumentParser
import Foundation
import OnsaleHTTP
import OnsaleRehearsal

/// `onsale rush`: a crowd that buys as real fans would, and a check of everything that it was told.
struct Rush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rehearse an onsale with a crowd, and check the whole history of answers.",
        discussion: "Exit status 0 when the history is clean, 1 when anything in it is wrong.")

    @Option(help: "The server (http://127.0.0.1:8080).")
    var url = "http://127.0.0.1:8080"

    @Option(help: "The event; left out, an event of its own is made from the example arena or --plan.")
    var event: String?

    @Option(help: "How many fans come.")
    var fans = 20_000

    @Option(help: "Over how many seconds they arrive, most of them at the start.")
    var seconds = 60.0

    @Option(help: "The organizer's token (ONSALE_ADMIN_TOKEN, or the file that --data names).")
    var adminToken: String?

    @Option(help: "The data folder whose admin-token is read (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Option(help: "Connections at a time.")
    var connections = 512

    @Option(help: "Chooses everything that is left to chance.")
    var seed: UInt64 = 1

    @Option(help: "Where the report goes.")
    var report = "rush-report.html"

    @Option(help: "A seating plan (pretix's format) to make the event from.")
    var plan: String?

    func run() async throws {
        let folder = Settings.text(data, "ONSALE_DATA", default: "./onsale-data")
        let token =
            adminToken ?? Settings.environment("ONSALE_ADMIN_TOKEN")
            ?? (try? String(contentsOfFile: folder + "/admin-token", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard let token else {
            FileHandle.complain("onsale: the organizer's token is needed: --admin-token, or --data with its folder")
            throw ExitCode(2)
        }
        let planURL =
            plan.map { URL(fileURLWithPath: $0) }
            ?? BundledFile.url("Examples/arena.json", of: "onsale")
        let rehearsal = Rehearsal(
            settings: .init(
                url: url, event: event, fans: fans, seconds: seconds, adminToken: token, connections: connections,
                seed: seed, plan: planURL))
        do {
            let result = try await rehearsal.run()
            FileHandle.say(result.table)
            try result.html.write(toFile: report, atomically: true, encoding: .utf8)
            FileHandle.say("Report: \(URL(fileURLWithPath: report).path)")
            guard result.isClean else { throw ExitCode.failure }
        } catch let error as RehearsalError {
            FileHandle.complain("onsale: \(error)")
            throw ExitCode(2)
        }
    }
}
