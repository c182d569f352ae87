import Foundation

/// (j) Processor time a request, of the server process alone, beside the same stack's JSON echo.
///
/// Sandbox and generator are processes of their own, and who else keeps a shared machine busy moves this less than
/// requests a second. Counted is what the server's process does between rest and rest: for a hold or a place in line
/// one request; for a purchase everything from the hold to the confirmed order with its tickets, which is two requests
/// of the fan, two calls to the provider and one webhook of it. Each fan comes once, with a token that the server does
/// not remember. The echo is asked the very bytes of the holds.
enum ProcessorBench {
    private static let rounds = 15
    private static let requestCount = 3000
    private static let purchaseCount = 800
    static let sandboxKey = "sk_bench_sandbox"
    private static let webhookSecret = "whsec_bench_webhook"

    private struct Fan {
        let session: String
        let pass: String
        let event: Int
        /// Two seats that nobody else wants.
        let seats: String

        var hold: WireRequest {
            WireRequest(method: "POST", path: "/v1/events/e\(event)/holds", token: pass, body: seats)
        }
    }

    /// Processor time of a request, and of the echo's at that moment.
    private struct Sample {
        let microseconds: Double
        let echo: Double

        var ofEcho: Double { microseconds / echo }
    }

    static func run(_ table: inout Table) throws {
        let folder = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (echoProcess, echoPort) = try Programs.startEcho()
        defer { Programs.stop(echoProcess) }
        let port = try Programs.freePort()
        let (sandbox, sandboxPort) = try startSandbox(folder + "/sandbox", webhookPort: port)
        defer { Programs.stop(sandbox) }
        let (process, _) = try LineBench.startServer(
            folder + "/server", port: port,
            environment: [
                "ONSALE_PAYMENT_URL": "http://127.0.0.1:\(sandboxPort)", "ONSALE_PAYMENT_SECRET_KEY": sandboxKey,
                "ONSALE_PAYMENT_WEBHOOK_SECRET": webhookSecret,
            ])
        defer { Programs.stop(process) }
        let echo = MeasuredServer(process: echoProcess, port: echoPort)
        let server = MeasuredServer(process: process, port: port)
        try LineBench.createEvent(port, "line", waitingRoom: true)

        var samples: [[Sample]] = []
        let fans = try admittedFans(server)
        for round in 0...rounds {
            let crowd = fans[(round * (requestCount + purchaseCount))...]
            let shoppers = crowd.prefix(requestCount)
            let payers = crowd.dropFirst(requestCount).prefix(purchaseCount)
            // A processor's speed drifts too: each stands beside the echoes just before and after it.
            var echoed = try holds(echo, shoppers, expecting: 200)
            func besideEcho(_ measured: Double) throws -> Sample {
                let before = echoed
                echoed = try holds(echo, shoppers, expecting: 200)
                return Sample(microseconds: measured, echo: (before + echoed) / 2)
            }
            let sample = [
                try besideEcho(holds(server, shoppers, expecting: 201)), try besideEcho(joins(server, shoppers)),
                try besideEcho(purchases(server, payers)),
            ]
            // The first round warms up.
            if round > 0 { samples.append(sample) }
        }
        tell(samples, &table)
    }

    /// A provider of its own process, ready at a port of its own.
    static func startSandbox(_ data: String, webhookPort: Int) throws -> (Process, port: Int) {
        let port = try Programs.freePort()
        let sandbox = try Programs.start(
            Programs.onsale, ["payments-sandbox", "--port", "\(port)", "--data", data],
            environment: [
                "ONSALE_PAYMENT_SECRET_KEY": sandboxKey, "ONSALE_PAYMENT_WEBHOOK_SECRET": webhookSecret,
                "ONSALE_PAYMENT_WEBHOOK_URL": "http://127.0.0.1:\(webhookPort)/v1/webhooks/payments",
                "ONSALE_LOG_LEVEL": "critical",
            ])
        // It tells nothing to those without its key.
        do { _ = try Programs.waitUntilReady(port: port, status: 401) } catch {
            Programs.stop(sandbox)
            throw error
        }
        return (sandbox, port)
    }

    /// Everybody who will come, signed in and with a pass.
    private static func admittedFans(_ server: MeasuredServer) throws -> [Fan] {
        let connections = try server.connect()
        let plan = HTTPBench.planJSON()
        let count = (rounds + 1) * (requestCount + purchaseCount)
        var next = 0
        let places = (0..<count).compactMap { _ in HTTPBench.body(&next) }
        for event in 0...(places.last?.event ?? 0) {
            try HTTPBench.createEvent("e\(event)", plan, over: connections[0])
        }
        func ask(_ member: String, _ request: (Int) -> WireRequest) throws -> [String] {
            try server.ask(count, over: connections, expecting: 201, request).map { $0.member(member) ?? "" }
        }
        let sessions = try ask("token") {
            WireRequest(method: "POST", path: "/v1/sessions", body: #"{"email":"f\#($0)@bench.example"}"#)
        }
        let tickets = try ask("ticket") {
            WireRequest(
                method: "POST", path: "/v1/events/e\(places[$0].event)/waiting-room", token: sessions[$0], body: "{}")
        }
        let passes = try ask("pass") {
            WireRequest(
                method: "POST", path: "/v1/events/e\(places[$0].event)/waiting-room/pass", token: sessions[$0],
                body: #"{"ticket":"\#(tickets[$0])"}"#)
        }
        return places.indices.map {
            Fan(session: sessions[$0], pass: passes[$0], event: places[$0].event, seats: places[$0].body)
        }
    }

    // MARK: Loads, in microseconds of the server each

    private static func holds(
        _ server: MeasuredServer, _ fans: ArraySlice<Fan>, expecting expected: Int
    ) throws -> Double {
        try server.microseconds { connections in
            _ = try server.ask(fans.count, over: connections, expecting: expected) { fans[fans.startIndex + $0].hold }
        } / Double(fans.count)
    }

    private static func joins(_ server: MeasuredServer, _ fans: ArraySlice<Fan>) throws -> Double {
        try server.microseconds { connections in
            _ = try server.ask(fans.count, over: connections, expecting: 201) {
                WireRequest(
                    method: "POST", path: "/v1/events/line/waiting-room", token: fans[fans.startIndex + $0].session)
            }
        } / Double(fans.count)
    }

    private static func purchases(_ server: MeasuredServer, _ fans: ArraySlice<Fan>) throws -> Double {
        try server.microseconds { connections in
            let holds = try server.ask(fans.count, over: connections, expecting: 201) {
                fans[fans.startIndex + $0].hold
            }
            .map { $0.member("hold") ?? "" }
            let orders = try server.ask(fans.count, over: connections, expecting: 201) {
                let fan = fans[fans.startIndex + $0]
                return WireRequest(
                    method: "POST", path: "/v1/events/e\(fan.event)/orders", token: fan.pass,
                    headers: ["Idempotency-Key: \(holds[$0])", "Prefer: wait=10"],
                    body: #"{"hold":"\#(holds[$0])","payment":{"method":"pm_card_visa"}}"#)
            }
            guard orders.allSatisfy({ $0.member("state") == "confirmed" }) else {
                throw Failure("an order was not confirmed")
            }
        } / Double(fans.count)
    }

    // MARK: Figures

    private static func tell(_ samples: [[Sample]], _ table: inout Table) {
        table.add(
            "(j) processor time, JSON echo", range(samples.joined().map(\.echo), "%.1f") + " µs",
            "of the server alone; the bytes of a hold")
        let subjects = [
            ("a hold", 1.3, requestCount), ("joining the line", 1.5, requestCount),
            ("a whole purchase", 6, purchaseCount),
        ]
        for (index, (name, limit, count)) in subjects.enumerated() {
            let ratios = samples.map { $0[index].ofEcho }
            let microseconds = samples.map { $0[index].microseconds }
            table.add(
                "(j) processor time, \(name), of the echo", range(ratios, "%.2f"), goal: String(format: "%.1f", limit),
                "\(median(ratios) <= limit ? "met" : "falls short"); \(range(microseconds, "%.1f")) µs; \(rounds) × \(count)"
            )
        }
    }

    /// The median, and from where to where.
    private static func range(_ values: [Double], _ format: String) -> String {
        let text = [median(values), values.min() ?? 0, values.max() ?? 0].map { String(format: format, $0) }
        return "\(text[0]) (\(text[1]) to \(text[2]))"
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
