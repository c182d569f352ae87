import Foundation
import NIOHTTP1
import Testing

/// What attacks on the built program have found, each as it was done.
@Suite struct AttackTests {
    /// Processor time used by a process, in seconds.
    private func processorSeconds(_ server: RunningProgram) throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(server.process.processIdentifier)/stat", encoding: .utf8)
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        return (Double(fields[12]).map { $0 / 100 } ?? 0) + (Double(fields[13]).map { $0 / 100 } ?? 0)
    }

    @Test("A server that has sold, declined and gone idle uses no processor time")
    func idle() async throws {
        try await withServer { client, server, _ in
            try await client.createEvent()
            for (number, method) in ["pm_card_visa", "pm_card_chargeDeclined", "pm_sandbox_captureFails"].enumerated() {
                let pass = try await client.pass("fan\(number)")
                let hold = try await client.hold(pass, #"{"seats":["0-\#(number)"]}"#)
                _ = try await client.order(
                    pass, hold: try #require(hold.string("hold")), method: method, key: "k", waitSeconds: 2)
            }
            try await Task.sleep(for: .seconds(6))
            let before = try processorSeconds(server)
            try await Task.sleep(for: .seconds(4))
            let used = try processorSeconds(server) - before
            #expect(used < 0.6, "\(used) s of processor time in 4 s")
        }
    }

    @Test("Text that is slow to compare costs no more than any other, wherever it appears")
    func combiningMarks() async throws {
        try await withServer { client, server, _ in
            try await client.createEvent()
            let pass = try await client.pass("fan")
            let marks = String(repeating: "\u{301}\u{316}", count: 15_000)
            let bodies = [
                #"{"e\#(marks)":1,"email":"a@b.c"}"#, #"{"email":"a\#(marks)@b.c"}"#, #"{"email":"\#(marks)"}"#,
            ]
            let holds = [
                #"{"seats":["s\#(marks)"]}"#, #"{"area":"a\#(marks)","quantity":1}"#,
                #"{"best":{"category":"A\#(marks)","quantity":1}}"#,
            ]
            let before = try processorSeconds(server)
            for body in bodies {
                for _ in 0..<5 { #expect(try await client.send(.POST, "/v1/sessions", body).status / 100 == 4) }
            }
            for body in holds {
                for _ in 0..<5 { #expect(try await client.hold(pass, body).status == 422) }
            }
            let short = String(String.UnicodeScalarView(marks.unicodeScalars.prefix(1500)))
            for _ in 0..<5 {
                #expect(try await client.send(.GET, "/v1/orders", token: "a" + short).status == 401)
                let escaped = short.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                #expect(try await client.send(.GET, "/v1/events/a\(escaped.prefix(1800))").status == 404)
            }
            // Each took up to a second; now it takes a few milliseconds in a debug build.
            let used = try processorSeconds(server) - before
            #expect(used < 40 * 0.06, "\(used) s of processor time")
            #expect(server.process.isRunning)
        }
    }

    @Test("A webhook with an absurd time is refused, and the server carries on")
    func webhookTime() async throws {
        try await withServer { client, server, _ in
            for seconds in ["-9223372036854775808", "9223372036854775807", "99999999999999999999"] {
                let answer = try await client.send(
                    .POST, "/v1/webhooks/payments", "{}",
                    headers: [("Stripe-Signature", "t=\(seconds),v1=" + String(repeating: "0", count: 64))])
                #expect(answer.slug == "malformed-request")
            }
            #expect(server.process.isRunning)
        }
    }

    @Test("Five declined payments end a pass, and its place is spent")
    func cardTesting() async throws {
        try await withServer { client, _, folder in
            try await client.createEvent()
            let session = try await client.session("thief")
            let joined = try await client.send(.POST, "/v1/events/show/waiting-room", token: session)
            let ticket = try #require(joined.string("ticket"))
            let pass = try #require(try await client.claimPass(ticket, session).string("pass"))
            let hold = try #require(try await client.hold(pass, #"{"seats":["0-0"]}"#).string("hold"))
            for attempt in 0..<5 {
                let order = try await client.order(
                    pass, hold: hold, method: "pm_card_chargeDeclined", key: "k\(attempt)")
                #expect(order.string("state") == "declined")
            }
            #expect(try await client.order(pass, hold: hold, key: "k5").slug == "hold-expired")
            #expect(try await client.hold(pass, #"{"seats":["0-1"]}"#).slug == "not-admitted")
            #expect(try await client.claimPass(ticket, session).slug == "place-spent")
            #expect(try await client.report().number("held") == 0)
            try await expectVerified(folder)
        }
    }

    @Test("A declined order leaves its hold for another card")
    func anotherCard() async throws {
        try await withServer { client, _, folder in
            try await client.createEvent(limits: #""holdSeconds":20"#)
            let pass = try await client.pass("fan")
            let held = try await client.hold(pass, #"{"seats":["0-0"]}"#)
            let hold = try #require(held.string("hold"))
            let declined = try await client.order(pass, hold: hold, method: "pm_card_chargeDeclined", key: "a")
            #expect(declined.status == 201 && declined.string("declineCode") == "generic_decline")
            let kept = try await client.send(.GET, "/v1/events/show/holds/\(hold)", token: pass)
            #expect(kept.status == 200 && kept.string("expiresAt") != held.string("expiresAt"))
            #expect(try await client.order(pass, hold: hold, key: "b").string("state") == "confirmed")
            try await expectVerified(folder)
        }
    }

    @Test("If the card's holder must confirm, the order says where; agreeing confirms it, refusing declines it")
    func threeDSecure() async throws {
        try await withServer { client, _, folder in
            try await client.createEvent()
            for (fan, outcome) in [("agrees", "agree"), ("refuses", "refuse")] {
                let pass = try await client.pass(fan)
                let hold = try #require(
                    try await client.hold(pass, #"{"area":"Standing","quantity":1}"#).string("hold"))
                let order = try await client.order(
                    pass, hold: hold, method: "pm_card_authenticationRequired", key: "k")
                #expect(order.status == 202 && order.string("state") == "requires_action")
                let action = try #require(order.member("action") as? [String: String])
                #expect(action["type"] == "redirect")
                let url = try #require(action["url"])
                let page = Client(url: url)
                let shown = try await page.send(.GET, "")
                #expect(shown.status == 200 && shown.text.contains("Agree"))
                #expect(try await page.send(.POST, "", #"{"outcome":"perhaps"}"#).status == 400)
                #expect(try await page.send(.POST, "", #"{"outcome":"\#(outcome)"}"#).status == 200)
                let id = try #require(order.string("order"))
                var state: String?
                for _ in 0..<100 {
                    state = try await client.send(.GET, "/v1/events/show/orders/\(id)", token: pass).string("state")
                    if state != "requires_action" && state != "authorizing" { break }
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(state == (outcome == "agree" ? "confirmed" : "declined"))
            }
            try await expectVerified(folder)
        }
    }

    @Test("A place ticket is useless without its buyer's session")
    func ticketAlone() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent()
            let session = try await client.session("fan")
            let joined = try await client.send(.POST, "/v1/events/show/waiting-room", token: session)
            let ticket = try #require(joined.string("ticket"))
            let path = "/v1/events/show/waiting-room/pass"
            #expect(try await client.send(.POST, path, #"{"ticket":"\#(ticket)"}"#).slug == "unauthenticated")
            let other = try await client.session("thief")
            #expect(try await client.claimPass(ticket, other).slug == "forbidden")
            #expect(try await client.claimPass(ticket, session).status == 201)
        }
    }

    @Test("A buyer's orders come page by page, and none is missing")
    func pagedOrders() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent()
            let session = try await client.session("fan")
            let pass = try await client.pass("fan")
            for number in 0..<4 {
                let hold = try #require(try await client.hold(pass, #"{"seats":["1-\#(number)"]}"#).string("hold"))
                _ = try await client.order(pass, hold: hold, key: "k\(number)")
            }
            func page(_ query: String) async throws -> (orders: [String], next: String?) {
                let answer = try await client.send(.GET, "/v1/orders" + query, token: session)
                let orders = try #require(answer.member("orders") as? [[String: Any]], "\(answer.text)")
                return (orders.compactMap { $0["order"] as? String }, answer.string("next"))
            }
            let all = try await page("")
            #expect(all.orders.count == 4 && all.next == nil)
            let first = try await page("?limit=3")
            let second = try await page("?limit=3&after=\(try #require(first.next))")
            #expect(first.orders + second.orders == all.orders && second.next == nil)
            for bad in ["?limit=0", "?limit=101", "?limit=x", "?after=x"] {
                #expect(try await client.send(.GET, "/v1/orders" + bad, token: session).slug == "invalid-request")
            }
        }
    }

    @Test("Duplicate members, TRACE and anything but HTTP are answered with problems")
    func wire() async throws {
        try await withServer { client, _, _ in
            let twice = try await client.send(.POST, "/v1/sessions", #"{"email":"a@b.c","email":"d@e.f"}"#)
            #expect(twice.status == 400 && twice.slug == "malformed-request")
            for path in ["/v1/sessions", "/v1/events", "/nowhere"] {
                let trace = try await client.send(.TRACE, path)
                #expect(trace.status == 405 && trace.headers.first(name: "allow") != nil, "\(path)")
            }
            let broken = try RawConnection(url: client.url)
            try broken.send("NONSENSE\r\n\r\n")
            let answer = try await broken.readAll()
            #expect(answer.hasPrefix("HTTP/1.1 400") && answer.contains("application/problem+json"))
            #expect(answer.lowercased().contains("x-request-id:"))
        }
    }

    @Test("One address gets its share of connections and streams, and leaves the others theirs")
    func connectionShare() async throws {
        let environment = ["ONSALE_LIMIT_LOOPBACK": "1", "ONSALE_CONNECTIONS_PER_ADDRESS": "4"]
        try await withServer(environment: environment) { client, _, _ in
            var open: [RawConnection] = []
            for _ in 0..<8 { open.append(try RawConnection(url: client.url)) }
            try await Task.sleep(for: .milliseconds(500))
            var served = 0
            for connection in open {
                try? connection.send("GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                // A refused one is reset where the request came after the server's end.
                let answer = try? await connection.readAll(seconds: 3)
                if answer?.hasPrefix("HTTP/1.1 200") == true { served += 1 }
            }
            #expect((1...4).contains(served), "\(served) of 8 were served")
            open = []
            // Until the server has seen that they are gone, the address has its share.
            var isCreated = false
            for _ in 0..<50 where !isCreated {
                try await Task.sleep(for: .milliseconds(100))
                isCreated = (try? await client.createEvent()) != nil
            }
            try #require(isCreated)
            // A stream's connection is handed over, so it is the share of streams that the fifth exceeds.
            var answers: [String] = []
            for _ in 0..<5 {
                let listener = try RawConnection(url: client.url)
                open.append(listener)
                try listener.send("GET /v1/events/show/waiting-room/stream HTTP/1.1\r\nHost: a\r\n\r\n")
                answers.append(try await listener.readAll(seconds: 20, until: "\r\n\r\n"))
            }
            #expect(answers.map { $0.prefix(12) } == Array(repeating: "HTTP/1.1 200", count: 4) + ["HTTP/1.1 429"])
        }
    }

    @Test("A client that talks into a stream is disconnected")
    func talkingIntoStream() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent()
            let listener = try RawConnection(url: client.url)
            try listener.send("GET /v1/events/show/availability/stream HTTP/1.1\r\nHost: a\r\n\r\n")
            // What comes before the first message may still be read as a second request.
            let said = try await listener.readAll(seconds: 20, until: "event: snapshot")
            #expect(said.contains("event: snapshot"))
            try listener.send("and now for something else")
            _ = try await listener.readAll(seconds: 20)
            #expect(listener.hasEnded)
        }
    }

    @Test("The management port answers only to loopback names")
    func managementNames() async throws {
        try await withServer { _, server, _ in
            let management = Client(url: try #require(server.managementURL))
            #expect(try await management.send(.GET, "/info").string("payments") == "sandbox")
            let rebound = try await management.send(.GET, "/info", headers: [("Host", "evil.example")])
            #expect(rebound.status == 403)
        }
    }

    @Test(
        "A server that can't sell, or has weak secrets, doesn't start and says what to do",
        arguments: [
            (["ONSALE_PAYMENT_URL": ""], "nobody has said who takes the money"),
            (["ONSALE_PAYMENT_URL": "https://pay.example"], "ONSALE_PAYMENT_SECRET_KEY"),
            (["ONSALE_PAYMENT_URL": "http://pay.example", "ONSALE_PAYMENT_SECRET_KEY": "k"], "must be https"),
            (
                ["ONSALE_PAYMENT_URL": "http://127.0.0.1:99999", "ONSALE_PAYMENT_SECRET_KEY": "k"],
                "a payment provider's URL"
            ),
            (["ONSALE_LOGIN": "jwks", "ONSALE_LOGIN_JWKS": "http://127.0.0.1:99999/jwks"], "https"),
            (["ONSALE_LOG_FORMAT": "xml"], "is one of text, json"),
            (["ONSALE_LOG_LEVEL": "loud"], "is one of trace"),
            (["ONSALE_ADMIN_TOKEN": "fifteen-bytes--"], "at least 16 bytes"),
            (["ONSALE_DOOR_TOKEN": "short"], "at least 16 bytes"),
            (["ONSALE_ADMIN_TOKEN": "ein Geheimnis für zwei"], "visible ASCII"),
            (
                ["ONSALE_DOOR_TOKEN": Serve.adminToken, "ONSALE_ADMIN_TOKEN": Serve.adminToken],
                "must differ from ONSALE_ADMIN_TOKEN"
            ),
            (["ONSALE_LIMIT_LOOPBACK": "perhaps"], "is true or false"),
            (["ONSALE_STREAMS": "x"], "sockets or channels"),
            (["ONSALE_LOGIN": "jwks", "ONSALE_LOGIN_JWKS": "http://id.example/jwks"], "https"),
        ])
    func refusesToStart(environment: [String: String], says: String) async throws {
        try await withFolder { folder in
            let result = try await Program.run(
                ["serve", "--port", "0", "--management-port", "0", "--data", folder],
                environment: ["ONSALE_PAYMENT_URL": "sandbox"].merging(environment) { $1 })
            #expect(result.status == 2 && result.output.contains(says), "\(result.output)")
        }
    }

    @Test(
        "A key lost after something was sold is not silently replaced",
        arguments: ["token.key", "barcode.key"])
    func lostKey(name: String) async throws {
        try await withServer { client, server, folder in
            try await client.createEvent()
            await server.stop()
            let path = folder + "/" + name
            let environment = ["ONSALE_PAYMENT_URL": "sandbox"]
            for content in ["", nil] as [String?] {
                try? FileManager.default.removeItem(atPath: path)
                if let content { try content.write(toFile: path, atomically: true, encoding: .utf8) }
                let result = try await Program.run(
                    ["serve", "--port", "0", "--management-port", "0", "--data", folder], environment: environment)
                #expect(result.status == 2 && result.output.contains(name), "\(result.output)")
            }
        }
    }
}

/// A connection that can send anything.
final class RawConnection {
    private let descriptor: Int32
    private(set) var hasEnded = false

    struct Failed: Error {}

    init(url: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(url.split(separator: ":").last ?? "") ?? 0).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw Failed() }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failed()
        }
    }

    /// Reads until the other end closes, says that much, or the time is up.
    func readAll(seconds: Double = 5, until enough: String? = nil) async throws -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 || count < 0 && errno != EAGAIN {
                hasEnded = true
                break
            }
            if count > 0 { all += buffer[..<count] } else { try await Task.sleep(for: .milliseconds(10)) }
            if let enough, String(decoding: all, as: UTF8.self).contains(enough) { break }
        }
        return String(decoding: all, as: UTF8.self)
    }
}
