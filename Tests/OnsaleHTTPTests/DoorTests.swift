import Foundation
import HTTPTypes
import OnsaleAccounts
import OnsaleTables
import Servers
import TestTables
import Testing

@testable import OnsaleHTTP

/// What the door asks.
@Suite struct DoorTests {
    private static let opera = "/v1/events/opera"
    private static let door = ServiceTester.doorToken

    /// Buys seats of the opera.
    /// - Returns: the order, and its tickets with their barcodes.
    static func buy(
        _ tester: ServiceTester, email: String, seats: [String]
    ) async throws -> (order: String, tickets: [(ticket: String, barcode: String)]) {
        let session = try await tester.ask(.post, "/v1/sessions", #"{"email":"\#(email)"}"#).text("token")
        let ticket = try await tester.ask(.post, opera + "/waiting-room", token: session).text("ticket")
        let pass = try await tester.ask(
            .post, opera + "/waiting-room/pass", token: session, #"{"ticket":"\#(ticket)"}"#
        ).text("pass")
        let names = seats.map { "\"\($0)\"" }.joined(separator: ",")
        let hold = try await tester.ask(.post, opera + "/holds", token: pass, #"{"seats":[\#(names)]}"#).text("hold")
        let order = try await tester.ask(
            .post, opera + "/orders", token: pass, #"{"hold":"\#(hold)","payment":{"method":"card"}}"#,
            headers: [.idempotencyKey: hold, .prefer: "wait=10"])
        #expect(try order.text("state") == "confirmed")
        let tickets = try #require(order.json?["tickets"] as? [[String: String]])
        return (try order.text("order"), tickets.map { ($0["ticket"] ?? "", $0["barcode"] ?? "") })
    }

    private static func run(_ body: @escaping @Sendable (ServiceTester) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let tables = try sqliteTables("accounts", in: folder)
        try await ServiceTester.run(accounts: StaffAccounts(tables)) { tester in
            let admin = ServiceTester.adminToken
            #expect(try await tester.ask(.post, "/v1/events", token: admin, RouteTests.event).status == 201)
            try await body(tester)
        }
        await tables.close()
    }

    private static func found(_ query: String, _ tester: ServiceTester) async throws -> [[String: Any]] {
        let answer = try await tester.ask(.get, opera + "/door/tickets?" + query, token: door)
        #expect(answer.status == 200, "\(query)")
        return try #require(answer.json?["tickets"] as? [[String: Any]])
    }

    @Test("The door counts who is in, and says who let whom in")
    func counts() async throws {
        try await Self.run { tester in
            let (order, tickets) = try await Self.buy(tester, email: "fan@example.com", seats: ["A1", "A2"])
            let made = try await tester.ask(
                .post, "/v1/accounts", token: ServiceTester.adminToken, #"{"name":"Gate B","role":"door"}"#)
            let gate = try made.text("token")
            let scan = #"{"barcode":"\#(tickets[0].barcode)"}"#
            let first = try await tester.ask(.post, Self.opera + "/check-ins", token: gate, scan)
            #expect(try first.text("checkedInBy") == "Gate B")
            let second = try await tester.ask(.post, Self.opera + "/check-ins", token: Self.door, scan)
            #expect(second.problem == "already-checked-in")
            #expect(
                try second.text("checkedInBy") == "Gate B" && second.text("checkedInAt") == first.text("checkedInAt"))
            let counts = try await tester.ask(.get, Self.opera + "/door", token: gate).json
            #expect(counts?["tickets"] as? Int == 2 && counts?["checkedIn"] as? Int == 1)
            let part = #"{"tickets":["\#(tickets[1].ticket)"]}"#
            let path = Self.opera + "/orders/\(order)/refunds"
            #expect(try await tester.ask(.post, path, token: ServiceTester.adminToken, part).status == 202)
            let fewer = try await tester.ask(.get, Self.opera + "/door", token: gate).json
            #expect(fewer?["tickets"] as? Int == 1 && fewer?["checkedIn"] as? Int == 1)
        }
    }

    @Test("A ticket is found by seat, by address however it is typed, and by order, and let in by hand, once")
    func byHand() async throws {
        try await Self.run { tester in
            let (order, tickets) = try await Self.buy(tester, email: "fan@example.com", seats: ["A1", "A2"])
            for (query, seats) in [
                ("seat=A2", ["A2"]), ("seat=A3", []), ("email=%20Fan@Example.com", ["A1", "A2"]),
                ("email=other@example.com", []), ("order=\(order)", ["A1", "A2"]),
            ] {
                let found = try await Self.found(query, tester)
                #expect(found.map { $0["seat"] as? String } == seats, "\(query)")
                #expect(found.allSatisfy { $0["category"] as? String == "VIP" && $0["order"] as? String == order })
            }
            let hand = #"{"ticket":"\#(tickets[1].ticket)"}"#
            let first = try await tester.ask(.post, Self.opera + "/check-ins", token: Self.door, hand)
            #expect(try first.text("seat") == "A2" && first.json?["checkedInBy"] == nil)
            let scan = #"{"barcode":"\#(tickets[1].barcode)"}"#
            #expect(
                try await tester.ask(.post, Self.opera + "/check-ins", token: Self.door, scan).problem
                    == "already-checked-in")
            let seen = try #require(try await Self.found("seat=A2", tester).first)
            #expect(seen["checkedInBy"] is NSNull && seen["isVoid"] as? Bool == false)
        }
    }

    @Test("What finds nothing that can be meant is refused by name")
    func refused() async throws {
        try await Self.run { tester in
            let (order, tickets) = try await Self.buy(tester, email: "fan@example.com", seats: ["A1"])
            for query in [
                "", "seat=A1&email=fan@example.com", "seat=Z9", "email=nobody", "order=ord_1",
                "order=" + tickets[0].ticket,
                "name=Kim",
            ] {
                let answer = try await tester.ask(.get, Self.opera + "/door/tickets?" + query, token: Self.door)
                #expect(answer.problem == "invalid-request", "\(query)")
            }
            // The same number, made at another moment.
            let other = String(tickets[0].ticket.dropLast(1)) + (tickets[0].ticket.hasSuffix("0") ? "1" : "0")
            for body in [
                "{}", #"{"ticket":"tkt_1"}"#, #"{"ticket":"\#(order)"}"#, #"{"ticket":"\#(other)"}"#,
                #"{"ticket":"\#(tickets[0].ticket)","barcode":"\#(tickets[0].barcode)"}"#,
            ] {
                let answer = try await tester.ask(.post, Self.opera + "/check-ins", token: Self.door, body)
                #expect(answer.problem == "invalid-request", "\(body)")
            }
            #expect(try await tester.ask(.get, Self.opera + "/door/tickets?seat=A1").status == 401)
        }
    }
}
