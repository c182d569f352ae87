import Foundation

/// (c) Holds over HTTP beside the same stack's JSON echo; (d) whole purchases with the sandbox.
enum HTTPBench {
    static let connections = 256
    private static let seconds = 2.0
    /// Pairs of neighbouring runs; the median of their ratios counts.
    private static let pairs = 9
    static let events = 18
    static let adminToken = "bench-admin-token"

    static func run(_ table: inout Table, wants: (String) -> Bool) async throws {
        let (echo, echoPort) = try Programs.startEcho()
        defer { Programs.stop(echo) }
        let data = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        let (server, port) = try startServer(data: data)
        defer { Programs.stop(server) }
        let passes = try prepare(port)

        // In turn, again and again: the machine's speed drifts, so neighbours are compared.
        var echoes: [LoadGenerator.Result] = []
        var holds: [LoadGenerator.Result] = []
        var purchases: [LoadGenerator.Result] = []
        var next = 0
        for _ in 0..<pairs {
            echoes.append(try self.echo(echoPort, passes))
            if wants("d") { purchases.append(try self.purchases(port, passes, &next)) }
            if wants("c") { holds.append(try self.holds(port, passes, &next)) }
        }
        table.add(
            "JSON echo", "\(Int(median(echoes.map(\.perSecond))))/s",
            "\(connections) connections; p50 \(p(echoes, 50)), p99 \(p(echoes, 99))")
        if wants("c") { tell(holds, echoes, &table) }
        if wants("d") {
            table.add(
                "(d) whole purchases", "\(Int(median(purchases.map(\.perSecond))))/s",
                "hold, order, authorize, capture, tickets; p50 \(p(purchases, 50)), p99 \(p(purchases, 99)); \(statuses(purchases))"
            )
            table.add("(d) of the echo", ratio(purchases, echoes, "%.3f"), goal: "0.08")
        }
    }

    /// A server, ready at a port of its own.
    static func startServer(data: String, environment: [String: String] = [:]) throws -> (Process, port: Int) {
        let port = try Programs.freePort()
        let server = try Programs.start(
            Programs.onsale,
            ["serve", "--port", "\(port)", "--management-port", "0", "--data", data],
            environment: [
                "ONSALE_ADMIN_TOKEN": adminToken, "ONSALE_LOGIN": "open", "ONSALE_LOG_LEVEL": "critical",
                "ONSALE_PAYMENT_URL": "sandbox",
            ].merging(environment) { $1 })
        do { _ = try Programs.waitUntilReady(port: port) } catch {
            Programs.stop(server)
            throw error
        }
        return (server, port)
    }

    private static func tell(
        _ holds: [LoadGenerator.Result], _ echoes: [LoadGenerator.Result], _ table: inout Table
    ) {
        table.add(
            "(c) holds over HTTP", "\(Int(median(holds.map(\.perSecond))))/s",
            "durable, two named seats each; p50 \(p(holds, 50)), p99 \(p(holds, 99)); \(statuses(holds))")
        table.add("(c) of the echo", ratio(holds, echoes, "%.2f"), goal: "0.65")
        let p99 = { (results: [LoadGenerator.Result]) in
            median(results.map { Double($0.latency.valueAtPercentile(99)) })
        }
        table.add("(c) p99 of the echo's", String(format: "%.2f", p99(holds) / p99(echoes)), goal: "2.00")
    }

    /// The median of the pairs' ratios, and their range.
    static func ratio(
        _ results: [LoadGenerator.Result], _ echoes: [LoadGenerator.Result], _ format: String
    ) -> String {
        let ratios = zip(results, echoes).map { $0.perSecond / $1.perSecond }.sorted()
        return
            "\(String(format: format, median(ratios))) (\(ratios.map { String(format: format, $0) }.joined(separator: ", ")))"
    }

    // MARK: Loads

    /// The seats of a request: every pair of every event once.
    static func body(_ next: inout Int) -> (event: Int, body: String)? {
        let pair = next
        next += 1
        let event = pair / 50_000
        guard event < events else { return nil }
        let row = pair % 50_000 / 25
        let seat = pair % 25 * 2
        return (event, #"{"seats":["\#(row)-\#(seat)","\#(row)-\#(seat + 1)"]}"#)
    }

    private static func echo(_ port: Int, _ passes: [[String]]) throws -> LoadGenerator.Result {
        var next = 0
        return try LoadGenerator(port: port, connections: connections, seconds: seconds).run { connection, answer in
            let seat = next % 50_000
            next += 1
            let body = #"{"seats":["\#(seat / 25)-\#(seat % 25 * 2)","\#(seat / 25)-\#(seat % 25 * 2 + 1)"]}"#
            return (
                WireRequest(method: "POST", path: "/v1/events/e0/holds", token: passes[0][connection], body: body),
                answer != nil
            )
        }
    }

    static func holds(_ port: Int, _ passes: [[String]], _ next: inout Int) throws -> LoadGenerator.Result {
        var counter = next
        defer { next = counter }
        return try LoadGenerator(port: port, connections: connections, seconds: seconds).run { connection, answer in
            guard let (event, body) = body(&counter) else { return (nil, answer != nil) }
            return (
                WireRequest(
                    method: "POST", path: "/v1/events/e\(event)/holds", token: passes[event][connection], body: body),
                answer != nil
            )
        }
    }

    /// A hold, then its order, waited for; then the next.
    private static func purchases(_ port: Int, _ passes: [[String]], _ next: inout Int) throws -> LoadGenerator.Result {
        var counter = next
        defer { next = counter }
        var holding = [Int?](repeating: nil, count: connections)
        return try LoadGenerator(port: port, connections: connections, seconds: seconds).run { connection, answer in
            if let answer, let event = holding[connection], let hold = answer.member("hold") {
                holding[connection] = nil
                return (
                    WireRequest(
                        method: "POST", path: "/v1/events/e\(event)/orders", token: passes[event][connection],
                        headers: ["Idempotency-Key: \(hold)", "Prefer: wait=10"],
                        body: #"{"hold":"\#(hold)","payment":{"method":"pm_card_visa"}}"#),
                    isCounted: false
                )
            }
            guard let (event, body) = body(&counter) else { return (nil, false) }
            holding[connection] = event
            return (
                WireRequest(
                    method: "POST", path: "/v1/events/e\(event)/holds", token: passes[event][connection], body: body),
                isCounted: answer?.status == 201
            )
        }
    }

    // MARK: Preparation

    /// Events of 100,000 seats, and a pass of each for every connection.
    static func prepare(_ port: Int) throws -> [[String]] {
        let connection = try Connection(port: port)
        let plan = planJSON()
        var passes: [[String]] = []
        for event in 0..<events {
            try createEvent("e\(event)", plan, over: connection)
            passes.append(
                try (0..<connections).map { buyer in
                    let session = try answer(
                        .init(method: "POST", path: "/v1/sessions", body: #"{"email":"b\#(buyer)@bench.example"}"#),
                        over: connection)
                    let joined = try answer(
                        .init(
                            method: "POST", path: "/v1/events/e\(event)/waiting-room", token: session.member("token"),
                            body: "{}"), over: connection)
                    let pass = try answer(
                        .init(
                            method: "POST", path: "/v1/events/e\(event)/waiting-room/pass",
                            token: session.member("token"),
                            body: #"{"ticket":"\#(joined.member("ticket") ?? "")"}"#), over: connection)
                    return pass.member("pass") ?? ""
                })
        }
        return passes
    }

    /// Asks again for a while when the answer is 503, as clients do: a starved node trusts itself only after it has heard
    /// from the database.
    private static func answer(_ request: WireRequest, over connection: Connection) throws -> WireAnswer {
        for _ in 0..<50 {
            let answer = try connection.exchange(request)
            if answer.status != 503 { return answer }
            Thread.sleep(forTimeInterval: 0.2)
        }
        throw Failure("the server stays unavailable")
    }

    static func createEvent(_ id: String, _ plan: String, over connection: Connection) throws {
        let created = try answer(
            .init(
                method: "POST", path: "/v1/events", token: adminToken,
                body: """
                    {"id":"\(id)","title":"E","startsAt":"2030-01-01T00:00:00Z","currency":"KRW",
                     "seatingPlan":\(plan),"prices":[{"category":"VIP","amount":198000}],
                     "onsale":{"waitingRoom":false,"passSeconds":86400,"passIdleSeconds":3600},
                     "limits":{"ticketsPerBuyer":1000000,"holdSeconds":3600}}
                    """), over: connection)
        guard created.status == 201 else {
            throw Failure("event: \(created.status) \(String(decoding: created.body, as: UTF8.self))")
        }
    }

    /// A hall of 100,000 seats.
    static func planJSON() -> String {
        let rows = (0..<2000).map { row in
            let seats = (0..<50).map {
                #"{"seat_guid":"\#(row)-\#($0)","seat_number":"\#($0)","position":{"x":\#($0 * 10),"y":\#(row * 10)},"category":"VIP"}"#
            }
            return #"{"row_number":"\#(row)","position":{"x":0,"y":0},"seats":[\#(seats.joined(separator: ","))]}"#
        }
        return
            #"{"name":"Hall","categories":[{"name":"VIP","color":"red"}],"zones":[{"name":"Z","rows":[\#(rows.joined(separator: ","))]}]}"#
    }

    // MARK: Figures

    static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }

    static func p(_ results: [LoadGenerator.Result], _ percentile: Double) -> String {
        Table.milliseconds(UInt64(median(results.map { Double($0.latency.valueAtPercentile(percentile)) })))
    }

    static func statuses(_ results: [LoadGenerator.Result]) -> String {
        var sum: [Int: Int] = [:]
        for result in results { sum.merge(result.statuses, uniquingKeysWith: +) }
        return sum.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
    }
}
