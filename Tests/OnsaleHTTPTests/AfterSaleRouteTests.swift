import Foundation
import HTTPTypes
import NIOCore
import Testing

@testable import OnsaleHTTP

/// What the organizer asks of the services.
@Suite struct AfterSaleRouteTests {
    private static let endpoints = "/v1/webhook-endpoints"
    private static let admin = ServiceTester.adminToken

    /// An event with an order that is on the bus.
    private static func withOrder(_ body: @escaping @Sendable (ServiceTester, AfterSaleTester) async throws -> Void)
        async throws
    {
        try await AfterSaleTester.run { after in
            try await ServiceTester.run(after: after) { tester in
                #expect(try await tester.ask(.post, "/v1/events", token: admin, RouteTests.event).status == 201)
                try await body(tester, after)
            }
        }
    }

    @Test("An endpoint is added, told, looked at, sent to again, and removed; its secret is told once")
    func webhooks() async throws {
        try await Self.withOrder { tester, after in
            let new = #"{"url":"http://127.0.0.1:1/hook","types":["onsale.order.*"]}"#
            let made = try await tester.ask(.post, Self.endpoints, token: Self.admin, new)
            let secret = try made.text("secret")
            #expect(made.status == 201 && secret.hasPrefix("whsec_"))
            let path = Self.endpoints + "/" + (try made.text("id"))
            let seen = try await tester.ask(.get, path, token: Self.admin)
            #expect(seen.status == 200 && seen.json?["secret"] == nil && seen.json?["switchedOff"] is NSNull)
            #expect(try await tester.ask(.get, Self.endpoints, token: Self.admin).status == 200)
            let rotated = try await tester.ask(.post, path + "/secret", token: Self.admin)
            let next = try rotated.text("secret")
            #expect(rotated.status == 201 && next != secret)
            #expect(try await tester.ask(.post, path + "/switch-on", token: Self.admin).status == 200)
            try await after.confirm(1, of: "opera")
            var delivery: [String: Any]?
            for _ in 0..<300 where (delivery?["attempts"] as? [Any])?.isEmpty ?? true {
                try await Task.sleep(for: .milliseconds(50))
                let log = try await tester.ask(.get, path + "/deliveries?limit=5", token: Self.admin)
                delivery = (log.json?["deliveries"] as? [[String: Any]])?.first
            }
            let found = try #require(delivery)
            #expect(found["type"] as? String == "onsale.order.confirmed.v1" && found["state"] as? String == "pending")
            let id = try #require(found["id"] as? String)
            let again = path + "/deliveries/\(id)/redeliver"
            #expect(try await tester.ask(.post, again, token: Self.admin).status == 202)
            #expect(try await tester.ask(.delete, path, token: Self.admin).status == 204)
            #expect(try await tester.ask(.get, path, token: Self.admin).problem == "not-found")
            #expect(try await tester.ask(.post, again, token: Self.admin).problem == "not-found")
        }
    }

    @Test("What can't be an endpoint is refused by name, and strangers see nothing")
    func refusals() async throws {
        try await Self.withOrder { tester, _ in
            for (body, pointer) in [
                (#"{"url":"ftp://a.example","types":["*"]}"#, "/url"),
                (#"{"url":"https://user@a.example","types":["*"]}"#, "/url"),
                (#"{"url":"https://a.example","types":[]}"#, "/types"),
                (#"{"url":"https://a.example","types":["onsale.nothing.v1"]}"#, "/types"),
            ] {
                let answer = try await tester.ask(.post, Self.endpoints, token: Self.admin, body)
                #expect(answer.problem == "invalid-request", "\(body)")
                let errors = answer.json?["errors"] as? [[String: Any]]
                #expect(errors?.first?["pointer"] as? String == pointer, "\(body)")
            }
            #expect(try await tester.ask(.get, Self.endpoints).status == 401)
            for path in ["/nothing", "/whe_\(String(repeating: "0", count: 32))"] {
                #expect(try await tester.ask(.get, Self.endpoints + path, token: Self.admin).problem == "not-found")
                let log = Self.endpoints + path + "/deliveries"
                #expect(try await tester.ask(.get, log, token: Self.admin).problem == "not-found")
            }
        }
    }

    @Test("What was sold is owed, day by day; without the provider's line it is missing there, and said so")
    func settlement() async throws {
        try await Self.withOrder { tester, after in
            let path = "/v1/events/opera/settlement"
            #expect(try await tester.ask(.get, path, token: Self.admin).json?["days"] as? [String] == [])
            try await after.confirm(1, of: "opera")
            try await after.confirm(2, of: "opera")
            var days: [[String: Any]] = []
            for _ in 0..<300 where (days.first?["gross"] as? Int) != 198_000 {
                try await Task.sleep(for: .milliseconds(50))
                let answer = try await tester.ask(.get, path + "?from=2027-01-01", token: Self.admin)
                days = answer.json?["days"] as? [[String: Any]] ?? []
            }
            #expect(days.count == 1 && days.first?["day"] as? String == "2027-01-15")
            #expect(days.first?["net"] as? Int == 198_000 && days.first?["difference"] as? Int == -198_000)
            let answer = try await tester.ask(.get, path, token: Self.admin)
            let differences = answer.json?["differences"] as? [[String: Any]] ?? []
            #expect(Set(differences.compactMap { $0["order"] as? String }) == ["ord_1", "ord_2"])
            let table = try await tester.ask(.get, path + ".csv", token: Self.admin)
            #expect(table.status == 200 && String(buffer: table.body).hasPrefix("day,gross,fees"))
            for query in ["?from=2027-13-01", "?from=2027-01-02&to=2027-01-01", "?to=x"] {
                #expect(try await tester.ask(.get, path + query, token: Self.admin).problem == "invalid-request")
            }
            #expect(try await tester.ask(.get, path).status == 401)
            #expect(
                try await tester.ask(.get, "/v1/events/none/settlement", token: Self.admin).problem == "not-found")
        }
    }
}
