import Foundation
import Logging
import OnsaleEngine
import OnsaleStorage

/// (n) The journal in PostgreSQL beside the embedded one, and beside what the same server does with a table of seats.
/// `postgres/with-server.sh` has started it.
enum PostgresBench {
    private static let rounds = 7
    /// Pairs of neighbouring runs over HTTP.
    private static let pairs = 7
    /// Of the commands of (b), those that hold two seats. The others are refused or give a hold back.
    private static let granted = 0.5

    static func run(_ table: inout Table) async throws {
        guard let url = ProcessInfo.processInfo.environment["ONSALE_BENCH_DATABASE_URL"] else {
            return table.add("(n) journal in PostgreSQL", "not run", "PostgreSQL is not installed")
        }
        try migrate(url)
        try await engines(url, &table)
        try overHTTP(url, &table)
    }

    private static func migrate(_ url: String) throws {
        let program = try Programs.start(Programs.onsale, ["migrate", "--database", url])
        program.waitUntilExit()
        guard program.terminationStatus == 0 else { throw Failure("the database could not be migrated") }
    }

    // MARK: Engine and journal

    private static func engines(_ url: String, _ table: inout Table) async throws {
        let folder = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let embedded = try SQLiteJournal(folder: folder)
        let shared = try PostgresJournal(url: url, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        let engines = [try Arena.engine(embedded), try Arena.engine(shared)]
        for engine in engines { try engine.start() }
        let booking = try Booking(url)

        var rates: [[Double]] = [[], [], []]
        for number in 0..<rounds {
            for (place, engine) in engines.enumerated() {
                let round = try await JournalBench.round(number, on: engine)
                rates[place].append(Double(round.commands) / round.seconds)
            }
            rates[2].append(try booking.holdsPerSecond(clients: booking.bestClients))
        }
        for engine in engines { await engine.stop() }
        try embedded.close()
        try shared.close()

        let (sqlite, postgres, bookings) = (rates[0], rates[1], rates[2])
        table.add("(n) engine and journal in PostgreSQL, durable", perSecond(postgres), "the work of (b); fsync on")
        table.add("(n) the same in SQLite", perSecond(sqlite), "(b) in turns with it")
        table.add("(n) PostgreSQL of SQLite", ratio(postgres, sqlite, "%.2f"), goal: "0.50")
        table.add(
            "(n) booking with SELECT … FOR UPDATE, same server", "\(Int(HTTPBench.median(bookings)))/s",
            "pgbench at its best: \(booking.bestClients) clients; one seat each")
        table.add(
            "(n) holds of two seats, of the bookings", ratio(postgres.map { $0 * granted }, bookings, "%.1f"),
            goal: "5.0", "the half of the commands that holds seats")
    }

    private static func perSecond(_ rates: [Double]) -> String { Table.perSecond(Int(HTTPBench.median(rates)), 1) }

    private static func ratio(_ one: [Double], _ other: [Double], _ format: String) -> String {
        let ratios = zip(one, other).map { $0 / $1 }.sorted()
        let all = ratios.map { String(format: format, $0) }.joined(separator: ", ")
        return "\(String(format: format, HTTPBench.median(ratios))) (\(all))"
    }

    // MARK: Over HTTP

    private static func overHTTP(_ url: String, _ table: inout Table) throws {
        let data = (0..<3).map { _ in temporaryFolder() }
        defer { for folder in data { try? FileManager.default.removeItem(atPath: folder) } }
        var servers: [(process: Process, port: Int)] = []
        defer { for server in servers { Programs.stop(server.process) } }
        // Nobody pays, but nodes start only with a provider that all of them can reach.
        let (sandbox, sandboxPort) = try ProcessorBench.startSandbox(data[2], webhookPort: Programs.freePort())
        defer { Programs.stop(sandbox) }
        let provider = [
            "ONSALE_PAYMENT_URL": "http://127.0.0.1:\(sandboxPort)",
            "ONSALE_PAYMENT_SECRET_KEY": ProcessorBench.sandboxKey,
            "ONSALE_PAYMENT_WEBHOOK_SECRET": "whsec_bench_webhook",
        ]
        for (folder, database) in zip(data, [[:], ["DATABASE_URL": url]]) {
            servers.append(
                try HTTPBench.startServer(data: folder, environment: provider.merging(database) { $1 }))
        }
        let passes = try servers.map { try HTTPBench.prepare($0.port) }

        var next = [0, 0]
        var results: [[LoadGenerator.Result]] = [[], []]
        var processor: [[Double]] = [[], []]
        for _ in 0..<pairs {
            for place in servers.indices {
                let start = try Programs.processorSeconds(servers[place].process)
                let result = try HTTPBench.holds(servers[place].port, passes[place], &next[place])
                let used = try Programs.processorSeconds(servers[place].process) - start
                results[place].append(result)
                processor[place].append(used * 1e6 / Double(result.count))
            }
        }
        let rates = results.map { $0.map(\.perSecond) }
        table.add(
            "(n) holds over HTTP, journal in PostgreSQL", "\(Int(HTTPBench.median(rates[1])))/s",
            "as (c); p50 \(HTTPBench.p(results[1], 50)), p99 \(HTTPBench.p(results[1], 99)); "
                + HTTPBench.statuses(results[1]))
        table.add(
            "(n) the same in SQLite", "\(Int(HTTPBench.median(rates[0])))/s",
            "p50 \(HTTPBench.p(results[0], 50)), p99 \(HTTPBench.p(results[0], 99)); \(HTTPBench.statuses(results[0]))")
        table.add("(n) PostgreSQL of SQLite, over HTTP", ratio(rates[1], rates[0], "%.2f"), goal: "0.50")
        table.add(
            "(n) processor time of a hold, of SQLite's", ratio(processor[1], processor[0], "%.2f"),
            "\(Int(HTTPBench.median(processor[1]))) µs and \(Int(HTTPBench.median(processor[0]))) µs, the server's alone"
        )
    }
}
