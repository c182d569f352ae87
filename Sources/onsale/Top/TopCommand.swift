import ArgumentParser
import Foundation
import OnsaleHTTP

/// `onsale top`: a view of a running server that refreshes.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch sales, lines, rates, latencies and health of a running server.",
        discussion: """
            Everything comes from the management port's /metrics. With --event and ONSALE_ADMIN_TOKEN, the event's \
            chart starts with its last hour, which the public port tells. Without a terminal it is as with --once.
            """)

    @Option(help: "The server's management port (http://127.0.0.1:9464).")
    var url = "http://127.0.0.1:9464"

    @Option(help: "The event whose sales are charted. Without it, the busiest.")
    var event: String?

    @Option(help: "Seconds between samples, from 0.2 to 3600.")
    var seconds = 2.0

    @Flag(help: "Take two samples, print plain text, and end; with status 1 if there is no sample.")
    var once = false

    @Option(help: "The server's public port, for the event's last hour (http://127.0.0.1:8080).")
    var server = "http://127.0.0.1:8080"

    /// The width of plain text where neither a terminal nor COLUMNS has one.
    private static let plainColumns = 120

    func validate() throws {
        guard (0.2...3600).contains(seconds) else { throw ValidationError("--seconds must be from 0.2 to 3600.") }
        for url in [url, server] {
            let parts = URLComponents(string: url)
            guard ["http", "https"].contains(parts?.scheme), parts?.host?.isEmpty == false,
                parts?.url?.hasUsablePort ?? false
            else {
                throw ValidationError("“\(url)” is not an http URL.")
            }
        }
    }

    func run() async throws {
        let watch = TopWatch(event: event, intervalSeconds: seconds)
        try await TopClient.with { client in
            if once || !TopTerminal.canShowPictures {
                try await printOnce(watch, client)
            } else {
                try await show(watch, client)
            }
        }
    }

    private func printOnce(_ watch: TopWatch, _ client: TopClient) async throws {
        do {
            await askForPast(watch, client)
            try await watch.sample { try await client.metrics(url) }
            try await Task.sleep(for: .seconds(seconds))
            try await watch.sample { try await client.metrics(url) }
        } catch {
            FileHandle.printError("onsale: no metrics from \(url): \(TopClient.words(error))")
            throw ExitCode.failure
        }
        let asked = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init)
        let columns = TopTerminal.size?.columns ?? asked ?? Self.plainColumns
        for line in await watch.lines(columns: max(80, min(columns, 500)), rows: nil) {
            FileHandle.printLine(line.plain)
        }
    }

    private func show(_ watch: TopWatch, _ client: TopClient) async throws {
        TopTerminal.enter()
        defer { TopTerminal.leave() }
        try await withThrowingTaskGroup { group in
            group.addTask { try await watch.show(inColour: TopTerminal.wantsColours) }
            group.addTask {
                await askForPast(watch, client)
                while true {
                    // A failure is on the screen; the next try follows.
                    try? await watch.sample { try await client.metrics(url) }
                    try await Task.sleep(for: .seconds(seconds))
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func askForPast(_ watch: TopWatch, _ client: TopClient) async {
        guard let event, let token = Settings().text(.adminToken) else { return }
        await watch.setPast(of: event) { try await client.timeline(server, event: event, token: token) }
    }
}
