import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// The contract, over a real socket.
@Suite struct ContractTests {
    @Test("From session to ticket to the door, and to the money in the report")
    func wholeWay() async throws {
        try await withServer { client, _, folder in
            let created = try await client.createEvent()
            #expect(created.status == 201)
            let pass = try await client.pass("fan")
            let hold = try await client.hold(pass, #"{"seats":["0-0","0-1"]}"#)
            #expect(hold.status == 201)
            #expect(hold.number("amount") == 100_000)
            #expect(try await client.seats().hasPrefix("hh.."))
            let holdID = try #require(hold.string("hold"))
            #expect(try await client.send(.GET, "/v1/events/show/holds/\(holdID)", token: pass).status == 200)

            let order = try await client.order(pass, hold: holdID, key: "k1")
            #expect(order.status == 201)
            #expect(order.string("state") == "confirmed")
            #expect(try await client.seats().hasPrefix("xx.."))
            let tickets = try #require(order.member("tickets") as? [[String: Any]])
            #expect(tickets.map { $0["seat"] as? String } == ["0-0", "0-1"])
            let again = try await client.order(pass, hold: holdID, key: "k1")
            #expect(again.status == 201)
            #expect(again.string("order") == order.string("order"))

            let barcode = try #require(tickets[0]["barcode"] as? String)
            let checkIn = #"{"barcode":"\#(barcode)"}"#
            let first = try await client.send(.POST, "/v1/events/show/check-ins", token: Serve.adminToken, checkIn)
            #expect(first.status == 200)
            #expect(first.string("seat") == "0-0")
            let second = try await client.send(.POST, "/v1/events/show/check-ins", token: Serve.adminToken, checkIn)
            #expect(second.slug == "already-checked-in")
            #expect(second.string("checkedInAt") == first.string("checkedInAt"))

            let report = try await client.report()
            #expect(report.number("sold") == 2)
            #expect(report.number("gross") == 100_000)
            try await expectVerified(folder)
        }
    }

    @Test("A cancelled order frees its seats at once, voids its tickets, and refunds the money")
    func cancel() async throws {
        try await withServer { client, _, folder in
            try await client.createEvent()
            let pass = try await client.pass("fan")
            let hold = try await client.hold(pass, #"{"area":"Standing","quantity":2}"#)
            let order = try await client.order(pass, hold: try #require(hold.string("hold")), key: "k1")
            let id = try #require(order.string("order"))
            let cancelled = try await client.send(
                .POST, "/v1/events/show/orders/\(id)/cancel", token: pass, headers: [("Idempotency-Key", "c1")])
            #expect(cancelled.status == 202)
            #expect(try await client.report().number("sold") == 0)
            var state = cancelled.string("state")
            for _ in 0..<200 where state != "refunded" {
                try await Task.sleep(for: .milliseconds(50))
                state = try await client.send(.GET, "/v1/events/show/orders/\(id)", token: pass).string("state")
            }
            #expect(state == "refunded")
            let repeated = try await client.send(
                .POST, "/v1/events/show/orders/\(id)/cancel", token: pass, headers: [("Idempotency-Key", "c1")])
            #expect(repeated.status == 202)
            let fresh = try await client.send(.POST, "/v1/events/show/orders/\(id)/cancel", token: pass)
            #expect(fresh.slug == "not-cancellable")
            let tickets = try #require(order.member("tickets") as? [[String: Any]])
            let void = try await client.send(.GET, "/v1/events/show/tickets/void", token: Serve.adminToken)
            #expect(void.member("tickets") as? [String] == tickets.compactMap { $0["ticket"] as? String })
            let barcode = try #require(tickets[0]["barcode"] as? String)
            let scan = try await client.send(
                .POST, "/v1/events/show/check-ins", token: Serve.adminToken, #"{"barcode":"\#(barcode)"}"#)
            #expect(scan.slug == "ticket-void")
            let report = try await client.report()
            #expect(report.number("gross") == 60_000)
            #expect(report.number("refunded") == 60_000)
            try await expectVerified(folder)
        }
    }

    @Test("One key, one hold: repeats get the first answer, even after a kill, and another body is refused")
    func idempotentHold() async throws {
        try await withFolder { folder in
            let server = try await Serve.start(data: folder)
            let client = Client(url: server.url)
            try await client.createEvent()
            let pass = try await client.pass("fan")
            let body = #"{"seats":["0-3"]}"#
            let first = try await client.hold(pass, body, key: "abc")
            let second = try await client.hold(pass, body, key: "abc")
            #expect(first.status == 201 && second.status == 201)
            #expect(first.text == second.text)
            #expect(try await client.hold(pass, #"{"seats":["0-4"]}"#, key: "abc").slug == "idempotency-conflict")
            await server.kill()
            let restarted = try await Serve.start(data: folder)
            let later = Client(url: restarted.url)
            let third = try await later.hold(pass, body, key: "abc")
            #expect(third.text == first.text)
            #expect(try await later.seats().filter { $0 == "h" }.count == 1)
            #expect(await restarted.stop() == 0)
        }
    }

    @Test("Each refusal has its problem type")
    func problems() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent(rows: 1, standing: 0)
            let pass = try await client.pass("fan")
            let held = try await client.hold(pass, #"{"seats":["0-0","0-1","0-2","0-3"]}"#)
            let other = try await client.pass("other")
            let taken = try await client.hold(other, #"{"seats":["0-3","0-4"]}"#)
            #expect(taken.status == 409 && taken.slug == "seats-unavailable")
            #expect(taken.member("unavailable") as? [String] == ["0-3"])
            #expect(taken.headers.first(name: "content-type") == "application/problem+json")
            #expect(taken.headers.contains(name: "x-request-id"))
            let limit = try await client.hold(pass, #"{"seats":["0-5"]}"#)
            #expect(limit.status == 409 && limit.slug == "purchase-limit")
            let unknown = try await client.hold(other, #"{"seats":["9-9"]}"#)
            #expect(unknown.status == 422 && unknown.slug == "invalid-request")
            let faults = try #require(unknown.member("errors") as? [[String: Any]])
            #expect(faults.first?["pointer"] as? String == "/seats/0")
            #expect(try await client.hold(other, "{").slug == "malformed-request")
            #expect(try await client.hold("nonsense", "{}").slug == "unauthenticated")
            let holdID = try #require(held.string("hold"))
            let noKey = try await client.send(
                .POST, "/v1/events/show/orders", token: pass, #"{"hold":"\#(holdID)","payment":{"method":"x"}}"#)
            #expect(noKey.status == 400 && noKey.slug == "idempotency-key-required")
            #expect(try await client.send(.GET, "/v1/events/none").slug == "not-found")
            #expect(try await client.send(.GET, "/nowhere").slug == "not-found")
            let method = try await client.send(.PUT, "/v1/events")
            #expect(method.status == 405 && method.slug == "method-not-allowed")
            #expect(method.headers.first(name: "allow") == "GET, POST")
            let session = try await client.session("fan")
            #expect(try await client.send(.GET, "/v1/events/show/report", token: session).slug == "forbidden")
            #expect(try await client.send(.GET, "/v1/events/show/report").slug == "unauthenticated")
            let form = try await client.send(
                .POST, "/v1/sessions", "email=a", headers: [("Content-Type", "application/x-www-form-urlencoded")])
            #expect(form.status == 415 && form.slug == "unsupported-media-type")
            let large = try await client.send(.POST, "/v1/sessions", String(repeating: " ", count: 70_000))
            #expect(large.status == 413 && large.slug == "too-large")
            #expect(try await client.createEvent(rows: 1).slug == "event-exists")
            try await expectEnds(client, pass, other, holdID)
        }
    }

    /// Ended holds and passes, a pause, and the last seats.
    private func expectEnds(_ client: Client, _ pass: String, _ other: String, _ holdID: String) async throws {
        #expect(try await client.send(.DELETE, "/v1/events/show/holds/\(holdID)", token: other).slug == "not-found")
        #expect(try await client.send(.DELETE, "/v1/events/show/holds/\(holdID)", token: pass).status == 204)
        let gone = try await client.order(pass, hold: holdID, key: "gone")
        #expect(gone.status == 410 && gone.slug == "hold-expired")
        _ = try await client.send(.POST, "/v1/events/show/onsale/pause", token: Serve.adminToken)
        #expect(try await client.hold(pass, #"{"seats":["0-0"]}"#).slug == "onsale-closed")
        #expect(try await client.send(.GET, "/v1/events/show").text.contains(#""phase":"paused""#))
        _ = try await client.send(.POST, "/v1/events/show/onsale/resume", token: Serve.adminToken)
        let all = (0..<10).map { #""0-\#($0)""# }.joined(separator: ",")
        let blocked = try await client.send(
            .POST, "/v1/events/show/blocks", token: Serve.adminToken, #"{"seats":[\#(all)]}"#)
        #expect(blocked.status == 201)
        let soldOut = try await client.hold(pass, #"{"best":{"category":"A","quantity":1}}"#)
        #expect(soldOut.status == 409 && soldOut.slug == "sold-out")
        let unblocked = try await client.send(
            .DELETE, "/v1/events/show/blocks", token: Serve.adminToken, #"{"seats":[\#(all)]}"#)
        #expect(unblocked.status == 204)
        #expect(try await client.send(.DELETE, "/v1/events/show/waiting-room/pass", token: pass).status == 204)
        #expect(try await client.hold(pass, #"{"seats":["0-0"]}"#).slug == "not-admitted")
    }

    @Test("A place whose pass was given up is spent, and joining again gives a new number")
    func placeSpent() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent()
            let session = try await client.session("fan")
            let joined = try await client.send(.POST, "/v1/events/show/waiting-room", token: session)
            #expect(joined.status == 201)
            #expect(try await client.send(.POST, "/v1/events/show/waiting-room", token: session).status == 200)
            let ticket = try #require(joined.string("ticket"))
            let pass = try await client.claimPass(ticket, session)
            let same = try await client.claimPass(ticket, session)
            #expect(pass.text == same.text)
            let token = try #require(pass.string("pass"))
            #expect(try await client.send(.DELETE, "/v1/events/show/waiting-room/pass", token: token).status == 204)
            let spent = try await client.claimPass(ticket, session)
            #expect(spent.status == 410 && spent.slug == "place-spent")
            let again = try await client.send(.POST, "/v1/events/show/waiting-room", token: session)
            #expect(again.number("number") == 2)
        }
    }

    @Test("The orphan rule and the limit hold over HTTP; an expired hold is free within a second")
    func limits() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent(limits: #""preventOrphans":true,"holdSeconds":1"#)
            let pass = try await client.pass("fan")
            let orphan = try await client.hold(pass, #"{"seats":["0-1"]}"#)
            #expect(orphan.status == 409 && orphan.slug == "orphan-seat")
            let hold = try await client.hold(pass, #"{"seats":["0-0"]}"#)
            #expect(hold.status == 201)
            for _ in 0..<60 where try await client.seats().contains("h") {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await client.seats().contains("h") == false)
            let id = try #require(hold.string("hold"))
            #expect(try await client.send(.GET, "/v1/events/show/holds/\(id)", token: pass).slug == "hold-expired")
        }
    }

    @Test("Remote clients are limited, and told when to come back")
    func rateLimit() async throws {
        try await withServer(environment: ["ONSALE_LIMIT_LOOPBACK": "1"]) { client, _, _ in
            // All at once, so that the bucket drains faster than it fills even on a slow machine.
            let limited = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
                for number in 0..<600 {
                    group.addTask { try await client.send(.POST, "/v1/sessions", #"{"email":"a\#(number)@b.c"}"#) }
                }
                return try await group.first { $0.status == 429 }
            }
            #expect(limited?.slug == "rate-limited")
            #expect(limited?.headers.contains(name: "retry-after") == true)
        }
    }

    @Test("Organizers' changes are recorded once each, with a name, and survive a restart")
    func audit() async throws {
        try await withFolder { folder in
            let server = try await Serve.start(data: folder)
            let client = Client(url: server.url)
            try await client.createEvent()
            let by = ("Onsale-Actor", "%EC%A7%80%EB%AF%BC%0A")
            func organize(_ method: HTTPMethod, _ path: String, _ json: String? = nil) async throws {
                _ = try await client.send(
                    method, "/v1/events/show" + path, token: Serve.adminToken, json, headers: [by])
            }
            for path in ["/onsale/pause", "/onsale/pause", "/onsale/resume"] { try await organize(.POST, path) }
            try await organize(.PATCH, "/onsale", #"{"maxActiveShoppers":7}"#)
            try await organize(.POST, "/blocks", #"{"seats":["0-1","0-2"]}"#)
            try await organize(.DELETE, "/blocks", #"{"seats":["0-2"]}"#)
            let pass = try await client.pass("fan")
            let hold = try await client.hold(pass, #"{"seats":["1-1"]}"#)
            let order = try await client.order(pass, hold: try #require(hold.string("hold")), key: "k")
            let id = try #require(order.string("order"))
            try await organize(.POST, "/orders/\(id)/cancel", "{}")
            func entries(_ client: Client) async throws -> [[String: String]] {
                let answer = try await client.send(.GET, "/v1/events/show/audit", token: Serve.adminToken)
                return try #require(answer.member("entries") as? [[String: String]])
            }
            let told = try await entries(client)
            #expect(
                told.map { $0["action"] } == [
                    "refunded", "unblocked", "blocked", "onsale-changed", "resumed", "paused", "created",
                ])
            #expect(told.dropLast().allSatisfy { $0["by"] == "지민" } && told.last?["by"] == "organizer")
            #expect(told.map { $0["detail"] }.starts(with: [id, "0-2", "0-1, 0-2", "maxActiveShoppers 7"]))
            #expect(try await client.send(.GET, "/v1/events/show/audit", token: pass).status == 403)
            await server.kill()
            try await expectVerified(folder)
            let again = try await Serve.start(data: folder)
            #expect(try await entries(Client(url: again.url)) == told)
            await again.stop()
        }
    }

    @Test("Orders are listed by page and as CSV, and buyers see their own from every event")
    func listings() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent()
            try await client.createEvent("other")
            for (event, number) in [("show", 0), ("show", 1), ("show", 2), ("other", 0)] {
                let pass = try await client.pass("fan", event: event)
                let hold = try await client.hold(pass, #"{"seats":["1-\#(number)"]}"#, event: event)
                _ = try await client.order(
                    pass, hold: try #require(hold.string("hold")), event: event, key: "\(event)\(number)")
            }
            let page = try await client.send(.GET, "/v1/events/show/orders?limit=2", token: Serve.adminToken)
            #expect((page.member("orders") as? [Any])?.count == 2)
            let next = try #require(page.string("next"))
            let rest = try await client.send(
                .GET, "/v1/events/show/orders?limit=2&state=confirmed&after=\(next)", token: Serve.adminToken)
            #expect((rest.member("orders") as? [Any])?.count == 1)
            #expect(rest.string("next") == nil)
            let csv = try await client.send(.GET, "/v1/events/show/orders.csv", token: Serve.adminToken).text
            #expect(csv.split(separator: "\r\n").count == 4)
            let mine = try await client.send(.GET, "/v1/orders", token: try await client.session("fan"))
            #expect((mine.member("orders") as? [Any])?.count == 4)
            let bad = try await client.send(.GET, "/v1/events/show/orders?limit=0&state=x", token: Serve.adminToken)
            #expect(bad.status == 422)
        }
    }

    @Test("The plan is served byte for byte as given, with an ETag")
    func planAsGiven() async throws {
        try await withServer { client, _, _ in
            let plan = """
                { "name" : "Odd",  "categories":[{"name":"A","color":"#fff"}], "zones":[{"name":"Z","rows":[{"seats":
                [{"seat_guid":"x, \\"}]","position":{"x":1.5,"y":2},"category":"A","extra":[1,{"y":null}]}]}]}] }
                """
            let created = try await client.send(
                .POST, "/v1/events", token: Serve.adminToken,
                """
                {"title":"T","startsAt":"2030-01-01T00:00:00+09:00","currency":"KRW","seatingPlan":\(plan) ,
                 "prices":[{"category":"A","amount":0}],"onsale":{"waitingRoom":false}}
                """)
            #expect(created.status == 201, "\(created.text)")
            let id = try #require(created.string("id"))
            #expect(created.string("startsAt") == "2029-12-31T15:00:00.000Z")
            let served = try await client.send(.GET, "/v1/events/\(id)/seating-plan")
            #expect(served.text == plan)
            let tag = try #require(served.headers.first(name: "etag"))
            let known = try await client.send(
                .GET, "/v1/events/\(id)/seating-plan", headers: [("If-None-Match", tag)])
            #expect(known.status == 304)
        }
    }

    @Test("A door token scans and does nothing else")
    func doorToken() async throws {
        try await withServer(environment: ["ONSALE_DOOR_TOKEN": "door-token-of-a-show"]) { client, _, _ in
            try await client.createEvent()
            #expect(
                try await client.send(.GET, "/v1/events/show/tickets/void", token: "door-token-of-a-show").status == 200
            )
            #expect(
                try await client.send(.GET, "/v1/events/show/report", token: "door-token-of-a-show").slug == "forbidden"
            )
            let forged = try await client.send(
                .POST, "/v1/events/show/check-ins", token: "door-token-of-a-show", #"{"barcode":"a.b.c"}"#)
            #expect(forged.status == 422)
        }
    }

    @Test("Nobody can sign in until ONSALE_LOGIN is set")
    func loginUnset() async throws {
        try await withServer(environment: ["ONSALE_LOGIN": ""]) { client, _, _ in
            let answer = try await client.send(.POST, "/v1/sessions", #"{"email":"a@b.c"}"#)
            #expect(answer.status == 403 && answer.text.contains("ONSALE_LOGIN"))
        }
    }
}
