import ArgumentParser
import Foundation
import Logging
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

    @Option(help: "Over how many seconds they arrive, most of them at the start (with --line: those who come late).")
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

    @Flag(
        help: """
            The crowd lines up: it gathers in a lobby, is let in by the cap, listens or polls, leaves and comes back.
            """)
    var line = false

    @Option(help: "With --line: how many may shop at a time.")
    var cap = 500

    @Option(help: "With --line: for how many seconds the lobby is open before the sale.")
    var lobbySeconds = 20.0

    @Option(
        help: """
            With --line: how many fans listen to the waiting room's stream, each on a socket of its own (14000); the \
            others poll.
            """)
    var streams: Int?

    @Option(help: "With --line: how many minutes after the opening those still in line are sent home.")
    var lineMinutes = 10.0

    /// All sockets together, so that one machine's ports and files suffice for both sides.
    private static let socketsMax = 15_000
    private static let streamsDefault = 14_000

    func validate() throws {
        guard line else { return }
        guard cap > 0, lobbySeconds >= 0, lineMinutes > 0, streams ?? 0 >= 0 else {
            throw ValidationError(
                "--cap and --line-minutes must be above zero, --lobby-seconds and --streams not below it.")
        }
        guard connections + (streams ?? 0) <= Rush.socketsMax else {
            throw ValidationError("--streams and --connections together must not be above \(Rush.socketsMax).")
        }
    }

    /// How the crowd lines up, with as many streams as there are sockets for.
    private var lineUp: Rehearsal.LineUp? {
        guard line else { return nil }
        let connectionsMax = min(Rush.socketsMax, OpenFileLimit.connectionsMax(logger: .onsale("onsale.rush")))
        return Rehearsal.LineUp(
            cap: cap, lobbySeconds: lobbySeconds,
            streams: max(0, min(streams ?? Rush.streamsDefault, connectionsMax - connections)),
            minutesMax: lineMinutes)
    }

    func run() async throws {
        let settings = Settings(typed: [.data: data, .adminToken: adminToken])
        let folder = settings.text(.data) ?? "./onsale-data"
        let token =
            settings.text(.adminToken)
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
                seed: seed, plan: planURL, lineUp: lineUp))
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
