import Foundation
import OnsaleEngine
import OnsaleStorage
import OnsaleValues
import OnsaleWaitingRoom

/// (g) Joining and looking at the waiting room, beside the same stack's echo and plain text; (h) a million waiting.
enum LineBench {
    private static let connections = 256
    private static let pairs = 5
    private static let seconds = 2.0
    private static let adminToken = "bench-admin-token"
    private static let sessionsMax = 450_000

    static func run(_ table: inout Table) throws {
        let (echo, echoPort) = try Programs.startEcho()
        defer { Programs.stop(echo) }
        let data = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        let (server, port) = try startServer(data)
        defer { Programs.stop(server) }
        try createEvent(port, "line", waitingRoom: true)
        let sessions = try sessions(port)
        var next = 0
        var joins: [Double] = []
        var looks: [Double] = []
        var joinRates: [Double] = []
        for _ in 0..<pairs {
            let echoed = try load(echoPort) { _ in
                WireRequest(
                    method: "POST", path: "/v1/events/line/holds", token: sessions[0],
                    body: #"{"seats":["F1-12-34","F1-12-35"]}"#)
            }
            let joined = try load(port) { _ in
                next += 1
                return next > sessions.count
                    ? nil
                    : WireRequest(method: "POST", path: "/v1/events/line/waiting-room", token: sessions[next - 1])
            }
            let plain = try load(echoPort) { _ in WireRequest(method: "GET", path: "/health/ready") }
            let looked = try load(port) { _ in WireRequest(method: "GET", path: "/v1/events/line/waiting-room") }
            joins.append(joined / echoed)
            looks.append(looked / plain)
            joinRates.append(joined)
        }
        table.add(
            "(g) joining the line, of the echo", ratio(joins), goal: "0.6",
            "\(Int(joinRates.sorted()[pairs / 2]))/s, every one a new buyer with a new session, durable")
        table.add("(g) GET waiting-room, of plain text", ratio(looks), goal: "0.9")
    }

    private static func ratio(_ values: [Double]) -> String {
        let sorted = values.sorted()
        return String(format: "%.2f", sorted[sorted.count / 2]) + " ("
            + sorted.map { String(format: "%.2f", $0) }.joined(separator: ", ") + ")"
    }

    private static func load(_ port: Int, _ request: (Int) -> WireRequest?) throws -> Double {
        try LoadGenerator(port: port, connections: connections, seconds: seconds).run { connection, answer in
            (request(connection), answer.map { (200..<300).contains($0.status) } ?? false)
        }.perSecond
    }

    static func startServer(
        _ data: String, port: Int? = nil, environment: [String: String] = [:]
    ) throws -> (Process, Int) {
        let port = try port ?? Programs.freePort()
        let server = try Programs.start(
            Programs.onsale, ["serve", "--port", "\(port)", "--management-port", "0", "--data", data],
            environment: [
                "ONSALE_ADMIN_TOKEN": adminToken, "ONSALE_LOGIN": "open", "ONSALE_LOG_LEVEL": "critical",
                "ONSALE_PAYMENT_URL": "sandbox",
            ]
            .merging(environment) { $1 })
        _ = try Programs.waitUntilReady(port: port)
        return (server, port)
    }

    static func createEvent(_ port: Int, _ id: String, waitingRoom: Bool) throws {
        let rows: String = (0..<200).map { row -> String in
            let seats: [String] = (0..<50).map {
                #"{"seat_guid":"\#(row)-\#($0)","seat_number":"\#($0)","position":{"x":\#($0 * 10),"y":\#(row * 10)},"category":"VIP"}"#
            }
            return #"{"row_number":"\#(row)","position":{"x":0,"y":0},"seats":[\#(seats.joined(separator: ","))]}"#
        }.joined(separator: ",")
        let answer = try Connection(port: port).exchange(
            .init(
                method: "POST", path: "/v1/events", token: adminToken,
                body: """
                    {"id":"\(id)","title":"L","startsAt":"2030-01-01T00:00:00Z","currency":"KRW",
                     "seatingPlan":{"name":"H","categories":[{"name":"VIP","color":"red"}],
                       "zones":[{"name":"Z","rows":[\(rows)]}]},
                     "areas":[{"name":"Floor","capacity":100000,"category":"VIP"}],
                     "prices":[{"category":"VIP","amount":100}],
                     "onsale":{"waitingRoom":\(waitingRoom),"maxActiveShoppers":500,"passSeconds":86400,"passIdleSeconds":3600},
                     "limits":{"ticketsPerBuyer":1000000,"holdSeconds":1}}
                    """))
        guard answer.status == 201 else { throw Failure("event: \(String(decoding: answer.body, as: UTF8.self))") }
    }

    /// Sessions, each of a buyer of its own.
    private static func sessions(_ port: Int) throws -> [String] {
        var sessions: [String] = []
        var asked = 0
        let marker = Array(#""token":""#.utf8)
        _ = try LoadGenerator(port: port, connections: connections, seconds: 60).run { _, answer in
            if let answer, let start = find(marker, in: answer.body) {
                sessions.append(
                    String(decoding: answer.body[start...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self))
            }
            guard asked < sessionsMax else { return (nil, false) }
            asked += 1
            return (
                WireRequest(method: "POST", path: "/v1/sessions", body: #"{"email":"f\#(asked)@bench.example"}"#), false
            )
        } until: {
            sessions.count >= sessionsMax
        }
        return sessions
    }

    private static func find(_ marker: [UInt8], in body: [UInt8]) -> Int? {
        guard body.count > marker.count else { return nil }
        for start in 0..<(body.count - marker.count) where body[start..<(start + marker.count)].elementsEqual(marker) {
            return start + marker.count
        }
        return nil
    }

    // MARK: A million

    /// What a million who wait cost, and how fast the engine takes them.
    static func million(_ table: inout Table) async throws {
        let folder = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = try SQLiteJournal(folder: folder)
        let engine = try Arena.engine(journal)
        try engine.start()
        _ = try await engine.create(Arena.lineDefinition("million"), document: nil)
        let event = try await engine.event("million")
        let before = residentBytes()
        let people: UInt64 = 1_000_000
        let start = ContinuousClock.now
        for first in stride(from: 0, to: people, by: 10_000) {
            await withCheckedContinuation { continuation in
                let last = first + 9_999
                for person in first...last {
                    // As unlike one another as the HMACs that they are.
                    let buyer = BuyerID(high: person &* 0x9e37_79b9_7f4a_7c15, low: person)
                    engine.submit(JoinLine(buyer), to: event) { _ in
                        if person == last { continuation.resume() }
                    }
                }
            }
        }
        let elapsed = ContinuousClock.now - start
        let bytes = Double(residentBytes() - before) / Double(people)
        table.add(
            "(h) a million waiting, each", String(format: "%.0f bytes", bytes), goal: "64 bytes",
            "resident, all journaled; \(Table.perSecond(Int(people), Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18)) joins"
        )
        await engine.stop()
        try journal.close()
    }

    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
