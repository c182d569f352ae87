import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOHTTP1
import Seeded

/// Why a rehearsal can't take place.
package enum RehearsalError: Error, CustomStringConvertible {
    case noServer(String)
    case eventNotCreated(Int, String)
    case planUnreadable
    case noReport
    case noLine(String)
    case noPlainServer(String)

    package var description: String {
        switch self {
        case .noServer(let url): "no server answers at \(url); start one with `make run`"
        case .eventNotCreated(let status, let text): "the event could not be created: \(status) \(text)"
        case .planUnreadable: "the seating plan could not be read"
        case .noReport: "the server did not deliver its report at the end"
        case .noLine(let event): "the event \(event) has no waiting room to line up in"
        case .noPlainServer(let url): "the line needs a server on plain HTTP, which \(url) is not"
        }
    }
}

/// A crowd that comes to an onsale. Arrivals follow a schedule that doesn't wait for answers (an open loop), so a slow
/// server meets a queue as it would in earnest.
package struct Rehearsal: Sendable {
    /// How the crowd lines up.
    package struct LineUp: Sendable {
        /// How many may shop at once.
        package var cap: Int
        /// How long the lobby is open before the sale.
        package var lobbySeconds: Double
        /// How many fans listen to the waiting room's stream, each on its own socket; the others poll.
        package var streams: Int
        /// How long after the opening those still in line are sent home, in minutes.
        package var minutesMax: Double

        package init(cap: Int, lobbySeconds: Double, streams: Int, minutesMax: Double) {
            self.cap = cap
            self.lobbySeconds = lobbySeconds
            self.streams = streams
            self.minutesMax = minutesMax
        }
    }

    package struct Settings: Sendable {
        package var url: String
        package var event: String?
        package var fans: Int
        /// The period over which fans arrive, in seconds.
        package var seconds: Double
        package var adminToken: String
        package var connections: Int
        package var seed: UInt64
        package var plan: URL?
        /// nil for a sale without a line.
        package var lineUp: LineUp?

        package init(
            url: String, event: String?, fans: Int, seconds: Double, adminToken: String, connections: Int,
            seed: UInt64, plan: URL?, lineUp: LineUp? = nil
        ) {
            self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
            self.event = event
            self.fans = fans
            self.seconds = seconds
            self.adminToken = adminToken
            self.connections = connections
            self.seed = seed
            self.plan = plan
            self.lineUp = lineUp
        }
    }

    /// The result of a rehearsal.
    package struct Outcome: Sendable {
        /// For the terminal.
        package let table: String
        /// A self-contained page.
        package let html: String
        /// Whether nothing in the history is wrong.
        package let isClean: Bool
    }

    /// How long orders may take to settle after the last fan has left, in seconds.
    private static let settleSecondsMax = 90
    /// How often availability is looked at in the end, every half second. A node that doesn't own the event, and a cache in
    /// front of it, may show for a moment what was true a moment ago.
    private static let looksMax = 10
    /// How long a pass lives when fans line up, in seconds. Short, so that the line doesn't wait for those who left
    /// with theirs.
    private static let passSeconds = 60.0

    private let settings: Settings

    package init(settings: Settings) {
        self.settings = settings
    }

    package func run() async throws -> Outcome {
        let http = ContractClient.makeClient(connections: settings.connections)
        do {
            let outcome = try await run(with: http)
            try await http.shutdown()
            return outcome
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    private func run(with http: HTTPClient) async throws -> Outcome {
        let preparation = ContractClient(baseURL: settings.url, client: http, measurements: Measurements())
        let hall = try await prepare(preparation)
        let history = History()
        // Without a line, fans come whenever they come, and the first of them opens the sale.
        let opensInSeconds = settings.lineUp == nil ? 0 : max(0, hall.opensAt?.timeIntervalSinceNow ?? 0)
        let client = ContractClient(
            baseURL: settings.url, client: http, measurements: Measurements(openingSecond: Int(opensInSeconds)))
        let line = try settings.lineUp.map { lineUp in
            try LineRehearsal(
                settings: settings, lineUp: lineUp, hall: hall, client: client, history: history,
                openingSecond: opensInSeconds)
        }
        let progress = Task { await liveProgress(client.measurements, history, line).show() }
        if let line {
            await line.run()
        } else {
            await send(hall, client, history)
        }
        client.measurements.end()
        progress.cancel()
        await progress.value
        let check = try await check(hall, preparation, history)
        return RehearsalReport(
            settings: settings, hall: hall, measurements: client.measurements.snapshot(),
            history: history.snapshot(), report: check.report, faults: check.faults(), line: line?.report()
        ).outcome
    }

    private func liveProgress(
        _ measurements: Measurements, _ history: History, _ line: LineRehearsal?
    ) -> LiveProgress {
        guard let line else { return LiveProgress(fans: settings.fans, measurements, history) }
        return LiveProgress(measurements) { state, rate in line.progress(state, requestsPerSecond: rate) }
    }

    // MARK: The crowd

    /// Sends every fan at its moment, and waits for the last to leave.
    private func send(_ hall: Hall, _ client: ContractClient, _ history: History) async {
        let moments = arrivals()
        let start = ContinuousClock.now
        await withDiscardingTaskGroup { group in
            for (number, moment) in moments.enumerated() {
                let due = start + .seconds(moment)
                if due > ContinuousClock.now { try? await Task.sleep(until: due) }
                let seed = settings.seed &* 1_000_003 &+ UInt64(number)
                group.addTask {
                    var fan = Fan(
                        number: number, hall: hall, client: client, history: history, random: SeededRandom(seed: seed))
                    await fan.visit()
                }
            }
        }
    }

    /// When each fan arrives: a third in the first tenth of the time, the rest ever more sparsely.
    private func arrivals() -> [Double] {
        var random = SeededRandom(seed: settings.seed)
        return (0..<settings.fans).map { _ in
            if random.happens(0.33) { return Double.random(in: 0..<0.1, using: &random) * settings.seconds }
            let sparse = 1 - Double.random(in: 0..<1, using: &random).squareRoot()
            return (0.1 + 0.9 * sparse) * settings.seconds
        }.sorted()
    }

    // MARK: The event

    private struct Plan: Decodable {
        struct Named: Decodable { let name: String }
        struct Seat: Decodable {
            let name: String
            let category: String

            private enum CodingKeys: String, CodingKey {
                case name = "seat_guid"
                case category
            }
        }
        struct Row: Decodable { let seats: [Seat] }
        struct Zone: Decodable { let rows: [Row]? }

        let categories: [Named]
        let zones: [Zone]
    }

    private struct EventBody: Decodable {
        struct Area: Decodable { let name: String }
        struct Onsale: Decodable {
            let opensAt: String?
            let waitingRoom: Bool?
            let maxActiveShoppers: Int?
        }

        let areas: [Area]?
        let onsale: Onsale?
    }

    private func prepare(_ client: ContractClient) async throws -> Hall {
        guard await client.send(.GET, "/v1/events", as: .check) != nil else {
            throw RehearsalError.noServer(settings.url)
        }
        if let event = settings.event {
            guard let document = await client.send(.GET, "/v1/events/\(event)/seating-plan", as: .check),
                document.isSuccess, let plan = document.decode(Plan.self),
                let body = await client.send(.GET, "/v1/events/\(event)", as: .check)?.decode(EventBody.self)
            else { throw RehearsalError.planUnreadable }
            guard settings.lineUp == nil || body.onsale?.waitingRoom != false else {
                throw RehearsalError.noLine(event)
            }
            let opensAt = body.onsale?.opensAt.flatMap { Contract.moment($0) }
            return hall(
                event, plan, area: body.areas?.first?.name, opensAt: opensAt, cap: body.onsale?.maxActiveShoppers)
        }
        guard let url = settings.plan, let data = try? Data(contentsOf: url),
            let plan = try? JSONDecoder().decode(Plan.self, from: data)
        else { throw RehearsalError.planUnreadable }
        let event = "rush-\(Int(Date().timeIntervalSince1970))"
        let now = Date()
        let opensAt = settings.lineUp.map { now.addingTimeInterval($0.lobbySeconds) }
        let document = String(decoding: data, as: UTF8.self)
        let answer = await client.send(
            .POST, "/v1/events", token: settings.adminToken,
            json: definition(event, plan, document: document, onsale: onsale(from: now, opensAt: opensAt)), as: .check)
        guard let answer, answer.isSuccess else {
            throw RehearsalError.eventNotCreated(
                answer?.status ?? 0,
                answer.map {
                    String(buffer: $0.body.getSlice(at: 0, length: min(300, $0.body.readableBytes)) ?? ByteBuffer())
                } ?? "")
        }
        return hall(
            event, plan, area: "Standing", opensAt: opensAt, cap: settings.lineUp?.cap,
            passSeconds: settings.lineUp == nil ? nil : Rehearsal.passSeconds)
    }

    private func hall(
        _ event: String, _ plan: Plan, area: String?, opensAt: Date?, cap: Int?, passSeconds: Double? = nil
    ) -> Hall {
        let rows = plan.zones.flatMap { $0.rows ?? [] }
        let used = Set(rows.flatMap { $0.seats.map(\.category) })
        return Hall(
            event: event, seats: rows.flatMap { $0.seats.map(\.name) },
            rows: rows.enumerated().flatMap { number, row in row.seats.map { _ in number } },
            categories: plan.categories.map(\.name).filter(used.contains), area: area, opensAt: opensAt, cap: cap,
            passSeconds: passSeconds)
    }

    private func onsale(from lobbyOpensAt: Date, opensAt: Date?) -> String {
        guard let lineUp = settings.lineUp, let opensAt else { return #"{"waitingRoom":false,"passSeconds":3600}"# }
        return """
            {"lobbyOpensAt":"\(Contract.text(lobbyOpensAt))","opensAt":"\(Contract.text(opensAt))",
             "waitingRoom":true,"maxActiveShoppers":\(lineUp.cap),"passSeconds":\(Int(Rehearsal.passSeconds))}
            """
    }

    private func definition(_ event: String, _ plan: Plan, document: String, onsale: String) -> String {
        let seated = Set(plan.zones.flatMap { $0.rows ?? [] }.flatMap { $0.seats.map(\.category) })
        var prices = plan.categories.map(\.name).filter(seated.contains).enumerated().map { index, name in
            #"{"category":"\#(name)","amount":\#(198_000 - 22_000 * min(index, 8))}"#
        }
        prices.append(#"{"category":"Standing","amount":132000}"#)
        return """
            {"id":"\(event)","title":"Rush","venue":"Rehearsal","startsAt":"2030-01-01T10:00:00.000Z","currency":"KRW",
             "seatingPlan":\(document),"areas":[{"name":"Standing","capacity":3000,"category":"Standing"}],
             "prices":[\(prices.joined(separator: ","))],
             "onsale":\(onsale),
             "limits":{"ticketsPerBuyer":4,"holdSeconds":30,"preventOrphans":false}}
            """
    }

    // MARK: The end

    /// Waits until nothing is under way, then fetches everything.
    private func check(_ hall: Hall, _ client: ContractClient, _ history: History) async throws -> HistoryCheck {
        let path = "/v1/events/\(hall.event)"
        var settled: Contract.Report?
        for second in 0..<Rehearsal.settleSecondsMax {
            // A server that is gone for good isn't given as long as orders are.
            if second > 20, settled == nil { throw RehearsalError.noReport }
            settled = await client.send(.GET, path + "/report", token: settings.adminToken, as: .check)?
                .decode(Contract.Report.self)
            if let settled, settled.orders["authorizing"] == 0, settled.orders["refunding"] == 0 {
                break
            }
            try? await Task.sleep(for: .seconds(1))
        }
        var orders: [Contract.Order] = []
        var after: String?
        repeat {
            let query = "?limit=500" + (after.map { "&after=\($0)" } ?? "")
            guard
                let page = await client.send(
                    .GET, path + "/orders" + query, token: settings.adminToken, as: .check
                )?.decode(Contract.OrderPage.self)
            else { throw RehearsalError.noReport }
            orders += page.orders
            after = page.next
        } while after != nil
        guard let report = settled else { throw RehearsalError.noReport }
        var check: HistoryCheck
        var looks = 0
        repeat {
            if looks > 0 { try? await Task.sleep(for: .milliseconds(500)) }
            looks += 1
            guard
                let availability = await client.send(.GET, path + "/availability", as: .check)?
                    .decode(Contract.Availability.self)
            else { throw RehearsalError.noReport }
            check = HistoryCheck(
                history: history.snapshot(), orders: orders, report: report, seatNames: hall.seats,
                availability: availability.seats, isAlone: settings.event == nil)
        } while !check.showsWhatIsSold && looks < Rehearsal.looksMax
        return check
    }
}
