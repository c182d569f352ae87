import ArgumentParser
import Foundation
import NIOCore
import OnsaleHTTP

/// `onsale cluster`: which node owns which event.
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Show the nodes, who owns which event, since when, and how far behind.",
        discussion: """
            Any node's management port tells it, as that node sees it. BEHIND counts the owner's facts that this node \
            has yet to follow. Exits with 1 if it gives no answer or runs alone.
            """)

    @Option(help: "A node's management port (http://127.0.0.1:9464).")
    var management = "http://127.0.0.1:9464"

    @Flag(help: "Print the answer as it came.")
    var json = false

    func validate() throws {
        let parts = URLComponents(string: management)
        guard ["http", "https"].contains(parts?.scheme), parts?.host?.isEmpty == false,
            parts?.url?.hasUsablePort ?? false
        else { throw ValidationError("“\(management)” is not an http URL.") }
    }

    func run() async throws {
        let answer: ByteBuffer
        do {
            answer = try await TopClient.with { try await $0.cluster(management) }
        } catch let error as TopClient.Failure where error.status == 404 {
            throw failure("the server at \(management) runs alone: it owns every event")
        } catch {
            throw failure("no answer from \(management): \(TopClient.words(error))")
        }
        guard let table = ClusterTable(json: Data(answer.readableBytesView)) else {
            throw failure("\(management)/cluster answers something else")
        }
        if json {
            FileHandle.printLine(String(buffer: answer))
        } else {
            let now = Date()
            for line in table.lines(columns: TopTerminal.size?.columns ?? ClusterTable.columnsMin, now: now) {
                FileHandle.printLine(line)
            }
        }
    }

    private func failure(_ reason: String) -> ExitCode {
        FileHandle.printError("onsale: \(reason)")
        return .failure
    }
}
