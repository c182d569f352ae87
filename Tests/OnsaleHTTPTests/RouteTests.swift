import Foundation
import HTTPTypes
import Testing

@testable import OnsaleHTTP

/// Every endpoint, without a process. Each answer is checked against the endpoint's declaration.
@Suite struct RouteTests {
    static let event = """
        {"id":"opera","title":"Opera","startsAt":"2030-01-01T20:00:00.000Z","currency":"KRW",
         "seatingPlan":{"name":"Hall","categories":[{"name":"VIP"}],"zones":[{"rows":[{"seats":[
           {"seat_guid":"A1","position":{"x":0,"y":0},"category":"VIP"},
           {"seat_guid":"A2","position":{"x":20,"y":0},"category":"VIP"},
           {"seat_guid":"A3","position":{"x":40,"y":0},"category":"VIP"}]}]}]},
         "areas":[{"name":"Standing","capacity":5,"category":"Standing"}],
         "prices":[{"category":"VIP","amount":99000},{"category":"Standing","amount":55000}]}
        """

    private static func key(_ text: String) -> HTTPFields { [.idempotencyKey: text] }

    @Test("A fan's evening: every endpoint a sale needs answers as declared")
    func evening() async throws {
        try await ServiceTester.run { tester in
            let admin = ServiceTester.adminToken
            let opera = "/v1/events/opera"
            #expect(try await tester.ask(.post, "/v1/events", token: admin, Self.event).status == 201)
            for path in [
                "/v1/events", opera, opera + "/seating-plan", opera + "/availability", opera + "/waiting-room",
                "/health/ready", "/openapi.json", "/asyncapi.json", "/problems/sold-out",
                "/.well-known/onsale-keys.json",
            ] {
                #expect(try await tester.ask(.get, path).status == 200, "\(path)")
                #expect(try await tester.ask(.head, path).status == 200, "\(path)")
            }
            let session = try await tester.ask(.post, "/v1/sessions", #"{"email":"fan@example.com"}"#).text("token")
            let joined = try await tester.ask(.post, opera + "/waiting-room", token: session)
            #expect(joined.status == 201)
            #expect(try await tester.ask(.post, opera + "/waiting-room", token: session).status == 200)
            let ticket = try joined.text("ticket")
            let pass = try await tester.ask(
                .post, opera + "/waiting-room/pass", token: session, #"{"ticket":"\#(ticket)"}"#
            ).text("pass")

            let hold = try await tester.ask(
                .post, opera + "/holds", token: pass, #"{"seats":["A1","A2"]}"#, headers: Self.key("h1"))
            #expect(hold.status == 201)
            let id = try hold.text("hold")
            #expect(try await tester.ask(.get, opera + "/holds/" + id, token: pass).status == 200)
            let taken = try await tester.ask(.post, opera + "/holds", token: pass, #"{"seats":["A1"]}"#)
            #expect(taken.problem == "seats-unavailable")
            var paying = Self.key("o1")
            paying[.prefer] = "wait=10"
            let order = try await tester.ask(
                .post, opera + "/orders", token: pass, #"{"hold":"\#(id)","payment":{"method":"card"}}"#,
                headers: paying)
            #expect(order.status == 201)
            #expect(try order.text("state") == "confirmed")
            let path = opera + "/orders/" + (try order.text("order"))
            #expect(try await tester.ask(.get, path, token: session).status == 200)
            let tickets = try #require(order.json?["tickets"] as? [[String: Any]])
            let code = try #require(tickets.first?["ticket"] as? String)
            #expect(try await tester.ask(.get, path + "/tickets/\(code)/qr.svg", token: session).status == 200)
            #expect(try await tester.ask(.get, "/v1/orders?limit=1", token: session).status == 200)
            #expect(try await tester.ask(.get, "/v1/me", token: session).status == 200)
            #expect(try await tester.ask(.delete, "/v1/me", token: session).status == 202)

            let lastTicket = try #require(tickets.last?["ticket"] as? String)
            let part = #"{"tickets":["\#(lastTicket)"]}"#
            #expect(try await tester.ask(.post, path + "/refunds", token: admin, part).status == 202)

            let standing = try await tester.ask(
                .post, opera + "/holds", token: pass, #"{"area":"Standing","quantity":1}"#)
            let second = try await tester.ask(.post, opera + "/holds", token: pass, #"{"seats":["A3"]}"#).text("hold")
            paying[.idempotencyKey] = "o2"
            let unwanted = try await tester.ask(
                .post, opera + "/orders", token: pass, #"{"hold":"\#(second)","payment":{"method":"card"}}"#,
                headers: paying
            ).text("order")
            #expect(
                try await tester.ask(.post, opera + "/orders/\(unwanted)/cancel", token: session).status == 202)
            let release = opera + "/holds/" + (try standing.text("hold"))
            #expect(try await tester.ask(.delete, release, token: pass).status == 204)
            #expect(try await tester.ask(.get, release, token: pass).problem == "hold-expired")
            #expect(try await tester.ask(.delete, opera + "/waiting-room/pass", token: pass).status == 204)
            #expect(try await tester.ask(.delete, opera + "/waiting-room/pass", token: pass).problem == "place-spent")

            try await desk(tester, opera, order: path, barcode: try #require(tickets.first?["barcode"] as? String))
            // Endpoints of the provider, the draw, services and long-lived connections have tests of their own.
            let others = tester.operations.filter {
                !$0.path.contains("webhook-end") && !$0.path.contains("/settlement")
                    && !$0.path.contains("/accounts")
            }
            #expect(
                Set(others.map(\.id)).subtracting(tester.servedOperations)
                    == ["receivePaymentNotice", "listEntrants", "streamAvailability", "streamWaitingRoom"])
        }
    }

    /// What the organizer and the door do that evening.
    private func desk(_ tester: ServiceTester, _ opera: String, order: String, barcode: String) async throws {
        let admin = ServiceTester.adminToken
        let door = ServiceTester.doorToken
        for path in [
            "/report", "/orders?state=confirmed&limit=1", "/orders.csv", "/audit", "/tickets/void", "/timeline?step=1",
            "/blocks", "/buyers/byr_00000000000000000000000000", "/door", "/door/tickets?seat=A1",
        ] {
            #expect(try await tester.ask(.get, opera + path, token: admin).status == 200, "\(path)")
        }
        #expect(try await tester.ask(.get, order + "/story", token: admin).status == 200)
        #expect(try await tester.ask(.get, "/v1/account", token: door).status == 200)
        let scan = #"{"barcode":"\#(barcode)"}"#
        #expect(try await tester.ask(.post, opera + "/check-ins", token: door, scan).status == 200)
        #expect(try await tester.ask(.post, opera + "/check-ins", token: door, scan).problem == "already-checked-in")
        #expect(try await tester.ask(.post, order + "/cancel", token: admin).problem == "not-cancellable")
        let seats = #"{"seats":["A3"]}"#
        #expect(try await tester.ask(.post, opera + "/blocks", token: admin, seats).status == 201)
        #expect(try await tester.ask(.delete, opera + "/blocks", token: admin, seats).status == 204)
        #expect(try await tester.ask(.post, opera + "/onsale/pause", token: admin).status == 200)
        #expect(try await tester.ask(.post, opera + "/onsale/resume", token: admin).status == 200)
        #expect(try await tester.ask(.patch, opera, token: admin, #"{"ageLimit":12}"#).status == 200)
        #expect(try await tester.ask(.post, opera + "/publish", token: admin).status == 200)
        let change = #"{"maxActiveShoppers":9}"#
        #expect(try await tester.ask(.patch, opera + "/onsale", token: admin, change).status == 200)
        #expect(try await tester.ask(.get, opera + "/waiting-room/entrants").problem == "not-found")
        #expect(try await tester.ask(.post, "/v1/webhooks/payments", "{}").problem == "malformed-request")
    }

    @Test("Bad tokens, unreadable bodies and unknown names are refused as each endpoint declares")
    func refusals() async throws {
        try await ServiceTester.run { tester in
            let session = try await tester.ask(.post, "/v1/sessions", #"{"email":"fan@example.com"}"#).text("token")
            #expect(
                try await tester.ask(.post, "/v1/events", token: ServiceTester.adminToken, Self.event).status == 201)
            for operation in tester.operations {
                let path = operation.path.replacing(":event", with: "opera").replacing(":hold", with: "hld_1")
                    .replacing(":order", with: "ord_1").replacing(":ticket", with: "tkt_1").replacing(
                        ":slug", with: "no"
                    ).replacing(":buyer", with: "byr_1").replacing(":endpoint", with: "whe_1").replacing(
                        ":delivery", with: "msg_1"
                    ).replacing(":account", with: "acc_1")
                let isOpen = operation.schemes.isEmpty || operation.schemes.contains("")
                if !isOpen {
                    #expect(try await tester.ask(operation.method, path).status == 401, "\(operation.id)")
                }
                if !isOpen, operation.schemes.contains("adminToken"), !operation.schemes.contains("session") {
                    #expect(
                        try await tester.ask(operation.method, path, token: session).status == 403, "\(operation.id)")
                }
                if operation.schemes == ["pass"] {
                    #expect(
                        try await tester.ask(operation.method, path, token: session).status == 403, "\(operation.id)")
                }
                if operation.path.contains("/:event"), operation.schemes.contains("adminToken") || isOpen {
                    let absent = path.replacing("opera", with: "nothing")
                    let answer = try await tester.ask(operation.method, absent, token: ServiceTester.adminToken)
                    #expect(answer.status == 404, "\(operation.id)")
                }
                // The token with which the endpoint reads a body.
                let token = operation.schemes.contains("adminToken") ? ServiceTester.adminToken : session
                guard operation.body != nil, operation.schemes != ["pass"], operation.id != "receivePaymentNotice"
                else { continue }
                let plain: HTTPFields = [.contentType: "text/plain"]
                let longer = String(
                    repeating: " ", count: operation.id == "createEvent" ? (32 << 20) + 1 : (64 << 10) + 1)
                for (body, headers, status) in [
                    ("{", [:], 400), ("{}", plain, 415), (longer, [:], 413), ("{}", [:], 422),
                ] as [(String, HTTPFields, Int)] {
                    // Nothing need be changed.
                    if status == 422, ["changeOnsale", "changeEvent"].contains(operation.id) { continue }
                    // A body that isn't JSON is none, and there is no such order.
                    if status == 415 || status == 422, operation.id == "cancelOrder" { continue }
                    let answer = try await tester.ask(operation.method, path, token: token, body, headers: headers)
                    #expect(answer.status == status, "\(operation.id): \(answer.status) for \(status)")
                }
            }
        }
    }

    @Test("What is almost JSON is refused as such, and a number that doesn't fit is told apart from it")
    func almostJSON() async throws {
        try await ServiceTester.run { tester in
            let admin = ServiceTester.adminToken
            #expect(try await tester.ask(.post, "/v1/events", token: admin, Self.event).status == 201)
            for (body, status) in [
                (#"{"maxActiveShoppers":400,}"#, 400), (#"{"closesAt":[1,]}"#, 400), (#"{"other":"\q"}"#, 400),
                ("{\"other\":\"a\u{1}\"}", 400), (#"{"maxActiveShoppers":1.5}"#, 422),
                (#"{"maxActiveShoppers":99999999999999999999}"#, 422), (#"{"other":"\u0041\n"}"#, 200),
                ("{ \"maxActiveShoppers\" : 400 , \"other\" : [ 1 , 2 ] }\r\n", 200),
            ] {
                let answer = try await tester.ask(.patch, "/v1/events/opera/onsale", token: admin, body)
                #expect(answer.status == status, "\(body): \(answer.status)")
            }
            // A token that can't be read is no token that may be left out.
            let unreadable = String(repeating: "a", count: 5000)
            let stream = "/v1/events/opera/waiting-room/stream"
            #expect(try await tester.ask(.head, stream, token: unreadable).status == 401)
            #expect(try await tester.ask(.head, stream).status == 200)
        }
    }

    @Test("A known path answers 405 to other methods, and says which it allows")
    func otherMethods() async throws {
        try await ServiceTester.run { tester in
            for (path, operations) in Dictionary(grouping: tester.operations, by: \.path) {
                let answer = try await tester.ask(.put, path.replacing(":", with: ""))
                #expect(answer.status == 405, "\(path)")
                #expect(
                    answer.headers[.allow] == operations.map(\.method.rawValue).sorted().joined(separator: ", "),
                    "\(path)")
            }
        }
    }
}
