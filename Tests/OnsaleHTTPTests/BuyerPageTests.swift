import Foundation
import HTTPTypes
import Testing

@testable import OnsaleHTTP

/// What the organizer sees of one buyer.
@Suite struct BuyerPageTests {
    private static let admin = ServiceTester.adminToken
    private static let opera = "/v1/events/opera"

    @Test("A buyer's page has place, pass, holds and orders, and changes with them")
    func page() async throws {
        try await ServiceTester.run { tester in
            let event = RouteTests.event.replacing(
                #""prices""#, with: #""onsale":{"waitingRoom":true,"maxActiveShoppers":1},"prices""#)
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, event).status == 201)
            let fan = try await tester.fan("fan@example.com", at: Self.opera)
            func page(_ buyer: String) async throws -> [String: Any] {
                try #require(
                    try await tester.ask(.get, Self.opera + "/buyers/" + buyer, token: Self.admin).json)
            }
            let order = try await tester.buy(#"{"seats":["A1"]}"#, by: fan, at: Self.opera, key: "o1")
            let hold = try await tester.ask(
                .post, Self.opera + "/holds", token: fan.pass, #"{"area":"Standing","quantity":2}"#)
            let shopping = try await page(fan.buyer)
            #expect(shopping["buyer"] as? String == fan.buyer)
            let place = try #require(shopping["place"] as? [String: Any])
            #expect(place["state"] as? String == "admitted" && place["number"] as? Int == 1)
            #expect((shopping["pass"] as? [String: Any])?["expiresAt"] is String)
            let holds = try #require(shopping["holds"] as? [[String: Any]])
            #expect(holds.compactMap { $0["hold"] as? String } == [try hold.text("hold")])
            let orders = try #require(shopping["orders"] as? [[String: Any]])
            #expect(orders.compactMap { $0["order"] as? String } == [try order.text("order")])
            #expect(orders.first?["seats"] as? [String] == ["A1"])

            // The cap is one, so the next one waits.
            let session = try await tester.ask(.post, "/v1/sessions", #"{"email":"next@example.com"}"#)
            let joined = try await tester.ask(.post, Self.opera + "/waiting-room", token: session.text("token"))
            #expect(joined.status == 201)
            let next = try await page(session.text("buyer"))
            let waiting = try #require(next["place"] as? [String: Any])
            #expect(waiting["state"] as? String == "waiting" && waiting["position"] as? Int == 1)
            #expect(next["pass"] is NSNull && (next["orders"] as? [Any])?.isEmpty == true)

            #expect(try await tester.ask(.delete, Self.opera + "/waiting-room/pass", token: fan.pass).status == 204)
            let gone = try await page(fan.buyer)
            #expect((gone["place"] as? [String: Any])?["state"] as? String == "spent")
            #expect(gone["pass"] is NSNull && (gone["holds"] as? [Any])?.isEmpty == true)

            let nobody = try await page("byr_00000000000000000000000000")
            #expect(nobody["place"] is NSNull && (nobody["holds"] as? [Any])?.isEmpty == true)
            for path in ["byr_1", "fan@example.com"] {
                let answer = try await tester.ask(.get, Self.opera + "/buyers/" + path, token: Self.admin)
                #expect(answer.problem == "not-found", "\(path)")
            }
            #expect(
                try await tester.ask(.get, Self.opera + "/buyers/" + fan.buyer, token: fan.session).status == 403)
        }
    }
}
