import Foundation
import HTTPTypes
import Testing

@testable import OnsaleHTTP

/// Prices and limits that the organizer changes after the creation.
@Suite struct TermsTests {
    private static let admin = ServiceTester.adminToken
    private static let opera = "/v1/events/opera"

    private func run(_ body: @escaping @Sendable (ServiceTester) async throws -> Void) async throws {
        try await ServiceTester.run { tester in
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, RouteTests.event).status == 201)
            try await body(tester)
        }
    }

    private func change(_ body: String, _ tester: ServiceTester) async throws -> ServiceTester.Answer {
        try await tester.ask(.patch, Self.opera, token: Self.admin, body)
    }

    private func prices(_ event: [String: Any]?) -> [String: Int] {
        let prices = event?["prices"] as? [[String: Any]] ?? []
        return Dictionary(
            uniqueKeysWithValues: prices.map { ($0["category"] as? String ?? "", $0["amount"] as? Int ?? -1) })
    }

    private func unitAmounts(_ answer: ServiceTester.Answer) -> [Int] {
        (answer.json?["lines"] as? [[String: Any]])?.compactMap { $0["unitAmount"] as? Int } ?? []
    }

    @Test("New prices and limits are shown at once, everywhere; what isn't named stays")
    func shown() async throws {
        try await run { tester in
            let answer = try await change(
                #"{"title":"Opera II","prices":[{"category":"VIP","amount":88000}],"limits":{"holdSeconds":60}}"#,
                tester)
            #expect(answer.status == 200)
            let event = try #require(try await tester.ask(.get, Self.opera).json)
            let listed = try await tester.ask(.get, "/v1/events").json?["events"] as? [[String: Any]]
            for shown in [answer.json, event, listed?.first] {
                #expect(prices(shown) == ["VIP": 88_000, "Standing": 55_000])
                #expect(shown?["title"] as? String == "Opera II")
            }
            let limits = try #require(event["limits"] as? [String: Any])
            #expect(limits["ticketsPerBuyer"] as? Int == 4 && limits["holdSeconds"] as? Int == 60)
            #expect(limits["preventOrphans"] as? Bool == false)
            let nothing = try await change(#"{"prices":null,"limits":null}"#, tester)
            #expect(nothing.status == 200 && prices(nothing.json) == prices(event))
        }
    }

    @Test("A hold made before keeps its price: held again, ordered, captured, listed and refunded in part")
    func priceKept() async throws {
        try await run { tester in
            let fan = try await tester.fan("fan@example.com", at: Self.opera)
            let keyed: HTTPFields = [.idempotencyKey: "h1"]
            let seats = #"{"seats":["A1","A2"]}"#
            let held = try await tester.ask(.post, Self.opera + "/holds", token: fan.pass, seats, headers: keyed)
            #expect(try await change(#"{"prices":[{"category":"VIP","amount":10000}]}"#, tester).status == 200)
            let again = try await tester.ask(.post, Self.opera + "/holds", token: fan.pass, seats, headers: keyed)
            let id = try held.text("hold")
            #expect(try again.text("hold") == id)
            let path = Self.opera + "/holds/" + id
            for hold in [held, again, try await tester.ask(.get, path, token: fan.pass)] {
                #expect(hold.json?["amount"] as? Int == 198_000 && unitAmounts(hold) == [99_000])
            }
            let order = try await tester.ask(
                .post, Self.opera + "/orders", token: fan.pass,
                #"{"hold":"\#(id)","payment":{"method":"card"}}"#,
                headers: [.idempotencyKey: "o1", .prefer: "wait=10"])
            #expect(try order.text("state") == "confirmed")
            #expect(order.json?["amount"] as? Int == 198_000 && unitAmounts(order) == [99_000])
            let other = try await tester.fan("other@example.com", at: Self.opera)
            let cheap = try await tester.buy(#"{"seats":["A3"]}"#, by: other, at: Self.opera, key: "o2")
            #expect(cheap.json?["amount"] as? Int == 10_000 && unitAmounts(cheap) == [10_000])
            // Once more, and what was sold keeps its price.
            #expect(try await change(#"{"prices":[{"category":"VIP","amount":1}]}"#, tester).status == 200)
            let bought = try order.text("order")
            let mine = try await tester.ask(.get, "/v1/orders", token: fan.session).json?["orders"] as? [[String: Any]]
            let lines = try #require(mine?.first?["lines"] as? [[String: Any]])
            #expect(lines.first?["unitAmount"] as? Int == 99_000)
            let ticket = try #require((order.json?["tickets"] as? [[String: Any]])?.first?["ticket"] as? String)
            let refund = try await tester.ask(
                .post, Self.opera + "/orders/\(bought)/refunds", token: Self.admin, #"{"tickets":["\#(ticket)"]}"#)
            #expect(refund.status == 202 && unitAmounts(refund) == [99_000])
            let report = try #require(try await tester.ask(.get, Self.opera + "/report", token: Self.admin).json)
            let categories = try #require(report["categories"] as? [[String: Any]])
            #expect(categories.first?["gross"] as? Int == 208_000 && report["gross"] as? Int == 208_000)
            var refunded = 0
            for _ in 0..<500 where refunded == 0 {
                try await Task.sleep(for: .milliseconds(10))
                let order = try await tester.ask(.get, Self.opera + "/orders/\(bought)", token: Self.admin)
                refunded = order.json?["refundedAmount"] as? Int ?? 0
            }
            #expect(refunded == 99_000)
        }
    }

    @Test("A lower limit takes nothing away, and refuses the next hold")
    func limitLowered() async throws {
        try await run { tester in
            let fan = try await tester.fan("fan@example.com", at: Self.opera)
            let bought = try await tester.buy(#"{"seats":["A1","A2","A3"]}"#, by: fan, at: Self.opera, key: "o1")
            #expect(try await change(#"{"limits":{"ticketsPerBuyer":2}}"#, tester).status == 200)
            let more = #"{"area":"Standing","quantity":1}"#
            let refused = try await tester.ask(.post, Self.opera + "/holds", token: fan.pass, more)
            #expect(refused.problem == "purchase-limit")
            #expect(refused.json?["limit"] as? Int == 2 && refused.json?["current"] as? Int == 3)
            let path = Self.opera + "/orders/" + (try bought.text("order"))
            #expect(try await tester.ask(.get, path, token: fan.session).text("state") == "confirmed")
            #expect(try await change(#"{"limits":{"ticketsPerBuyer":4}}"#, tester).status == 200)
            #expect(try await tester.ask(.post, Self.opera + "/holds", token: fan.pass, more).status == 201)
        }
    }

    @Test(
        "What can't be is refused by name and changes nothing, not even what could be",
        arguments: [
            (#""prices":[{"category":"VIP","amount":-1}]"#, "/prices/0/amount"),
            (#""prices":[{"category":"VIP","amount":1000000000001}]"#, "/prices/0/amount"),
            (#""prices":[{"category":"Standing","amount":1},{"category":"Box","amount":1}]"#, "/prices/1/category"),
            (
                #""prices":[{"category":"VIP","amount":1},{"category":"VIP","amount":2}]"#, "/prices/1/category"
            ),
            (#""limits":{"ticketsPerBuyer":0}"#, "/limits/ticketsPerBuyer"),
            (#""limits":{"ticketsPerBuyer":1000001}"#, "/limits/ticketsPerBuyer"),
            (#""limits":{"holdSeconds":86401}"#, "/limits/holdSeconds"),
            (#""prices":[{"category":"VIP","amount":"1"}]"#, "/prices/0/amount"),
            (#""limits":{"preventOrphans":"no"}"#, "/limits/preventOrphans"),
        ])
    func refused(_ member: String, _ pointer: String) async throws {
        try await run { tester in
            let before = try await tester.ask(.get, Self.opera).json
            let answer = try await change(#"{"title":"Other",\#(member)}"#, tester)
            #expect(answer.status == 422)
            let errors = answer.json?["errors"] as? [[String: Any]]
            #expect(errors?.compactMap { $0["pointer"] as? String }.contains(pointer) ?? false, "\(answer.json ?? [:])")
            let after = try await tester.ask(.get, Self.opera).json
            #expect(prices(after) == prices(before) && after?["title"] as? String == "Opera")
        }
    }

    @Test("All places together have a bound, counted with the prices that stay")
    func takings() async throws {
        try await ServiceTester.run { tester in
            let event = """
                {"id":"opera","title":"Opera","startsAt":"2030-01-01T20:00:00.000Z","currency":"KRW",
                 "areas":[{"name":"L","capacity":600,"category":"L"},{"name":"R","capacity":600,"category":"R"}],
                 "prices":[{"category":"L","amount":1},{"category":"R","amount":1}]}
                """
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, event).status == 201)
            let high = 1_000_000_000_000
            func price(_ category: String) async throws -> ServiceTester.Answer {
                try await change(
                    #"{"title":"\#(category)","prices":[{"category":"\#(category)","amount":\#(high)}]}"#, tester)
            }
            #expect(try await price("L").status == 200)
            let refused = try await price("R")
            #expect(refused.status == 422)
            let pointers = (refused.json?["errors"] as? [[String: Any]])?.compactMap { $0["pointer"] as? String }
            #expect(pointers == ["/prices"])
            let told = try await tester.ask(.get, Self.opera).json
            #expect(told?["title"] as? String == "L" && prices(told) == ["L": high, "R": 1])
        }
    }

    @Test("The audit names what changed, from what to what, and a change to the same is none")
    func audited() async throws {
        try await run { tester in
            let body = """
                {"description":"New","prices":[{"category":"VIP","amount":88000},{"category":"Standing","amount":55000}],
                 "limits":{"ticketsPerBuyer":2,"preventOrphans":true}}
                """
            for _ in 0..<2 {
                let answer = try await change(body, tester)
                #expect(answer.status == 200)
            }
            let audit = try await tester.ask(.get, Self.opera + "/audit", token: Self.admin).json
            let entries = try #require(audit?["entries"] as? [[String: Any]])
            #expect(entries.compactMap { $0["action"] as? String } == ["edited", "created"])
            #expect(
                entries.first?["detail"] as? String
                    == "description, prices VIP 99,000 KRW → 88,000 KRW, ticketsPerBuyer 4 → 2, preventOrphans false → true"
            )
        }
    }

    @Test("Changes and holds at once: each hold costs what its lines say, by one price list or the next")
    func race() async throws {
        try await run { tester in
            var fans: [ServiceTester.Fan] = []
            for number in 0..<5 { fans.append(try await tester.fan("fan\(number)@example.com", at: Self.opera)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for price in 1...20 {
                        let body = #"{"prices":[{"category":"Standing","amount":\#(price * 1000)}]}"#
                        let answer = try await change(body, tester)
                        #expect(answer.status == 200)
                    }
                }
                for fan in fans {
                    group.addTask {
                        for _ in 0..<5 {
                            let hold = try await tester.ask(
                                .post, Self.opera + "/holds", token: fan.pass, #"{"area":"Standing","quantity":1}"#)
                            #expect(hold.status == 201)
                            #expect(unitAmounts(hold) == [hold.json?["amount"] as? Int ?? -1])
                            let path = Self.opera + "/holds/" + (try hold.text("hold"))
                            let later = try await tester.ask(.get, path, token: fan.pass)
                            #expect(unitAmounts(later) == unitAmounts(hold))
                            let released = try await tester.ask(.delete, path, token: fan.pass)
                            #expect(released.status == 204)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
