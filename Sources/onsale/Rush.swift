import ArgumentParser
import Foundation
import Logging
import OnsaleHTTP
import OnsaleRehearsal

/// `onsale rush`: a crowd that buys as real fans would, and a check of everything it was told.
struct Rush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rehearse an onsale with a crowd, and check the whole history of answers.",
        discussion: "Exits with status 0 if the history is clean, 1 if anything in it is wrong.")

    @Option(help: "The server (http://127.0.0.1:8080).")
    var url = "http://127.0.0.1:8080"

    @Option(help: "The event. Without it, a new one is made from the example arena or --plan.")
    var event: String?

    @Option(help: "The number of fans.")
    var fans = 20_000

    @Option(help: "How many seconds they take to arrive, most of them at the start (with --line: the latecomers only).")
    var seconds = 60.0

    @Option(help: "The organizer's token (ONSALE_ADMIN_TOKEN, or the admin-token file in --data).")
    var adminToken: String?

    @Option(help: "The data folder to read admin-token from (ONSALE_DATA; ./onsale-data).")
    var data: String?

    @Option(help: "Connections at once.")
    var connections = 512

    @Option(help: "The seed of everything random.")
    var seed: UInt64 = 1

    @Option(help: "Where to write the report.")
    var report = "rush-report.html"

    @Option(help: "A seating plan in pretix's format to make the event from.")
    var plan: String?

    @Flag(
        help: """
            The crowd lines up: it gathers in a lobby, listens or polls, leaves and returns, and enters up to the cap.
            """)
    var line = false

    @Option(help: "With --line: how many may shop at once.")
    var cap = 500

    @Option(help: "With --line: how many seconds the lobby is open before the sale.")
    var lobbySeconds = 20.0

    @Option(
        help: """
            With --line: how many fans listen to the waiting room's stream, each on its own socket (14000); the \
            others poll.
            """)
    var streams: Int?

    @Option(help: "With --line: how many minutes after the opening to send home those still in line.")
    var lineMinutes = 10.0

    /// The limit on all sockets together, so that one machine's ports and files suffice for both sides.
    private static let socketsMax = 15_000
    private static let streamsDefault = 14_000

    func validate() throws {
        guard line else { return }
        guard cap > 0, lobbySeconds >= 0, lineMinutes > 0, streams ?? 0 >= 0 else {
            throw ValidationError(
                "--cap and --line-minutes must be above zero; --lobby-seconds and --streams must not be negative.")
        }
        guard connections + (streams ?? 0) <= Rush.socketsMax else {
            throw ValidationError("--streams and --connections together must not exceed \(Rush.socketsMax).")
        }
    }

    /// How the crowd lines up, with no more streams than there are sockets for.
    private var lineUp: Rehearsal.LineUp? {
        guard line else { return nil }
        let connectionsMax = min(Rush.socketsMax, OpenFileLimit.connectionsMax(logger: Logger(label: "onsale.rush")))
        return Rehearsal.LineUp(
            cap: cap, lobbySeconds: lobbySeconds,
            streams: max(0, min(streams ?? Rush.streamsDefault, connectionsMax - connections)),
            minutesMax: lineMinutes)
    }

    func run() async throws {
        let settings = Settings(typed: [.data: data, .adminToken: adminToken])
        try Observability.bootstrapLogs(settings)
        let folder = settings.text(.data) ?? "./onsale-data"
        let token =
            settings.text(.adminToken)
            ?? (try? String(contentsOfFile: folder + "/admin-token", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard let token else {
            FileHandle.printError("onsale: give the organizer's token with --admin-token, or its folder with --data")
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
            FileHandle.printLine(result.table)
            try result.html.write(toFile: report, atomically: true, encoding: .utf8)
            FileHandle.printLine("Report: \(URL(fileURLWithPath: report).path)")
            guard result.isClean else { throw ExitCode.failure }
        } catch let error as RehearsalError {
            FileHandle.printError("onsale: \(error)")
            throw ExitCode(2)
        }
    }
}
