import Foundation
import HTTPTypes
import Testing

@testable import OnsaleHTTP

/// Taking orders back, whole or in part, and why.
@Suite struct RefundTests {
    private static let admin = ServiceTester.adminToken
    private static let opera = "/v1/events/opera"

    private func tickets(_ order: ServiceTester.Answer) throws -> [String] {
        try #require(order.json?["tickets"] as? [[String: Any]]).compactMap { $0["ticket"] as? String }
    }

    /// Runs with three seats bought.
    private func run(_ body: @escaping @Sendable (ServiceTester, ServiceTester.Answer) async throws -> Void)
        async throws
    {
        try await ServiceTester.run { tester in
            #expect(try await tester.ask(.post, "/v1/events", token: Self.admin, RouteTests.event).status == 201)
            let fan = try await tester.fan("fan@example.com", at: Self.opera)
            try await body(
                tester, try await tester.buy(#"{"seats":["A1","A2","A3"]}"#, by: fan, at: Self.opera, key: "o1"))
        }
    }

    private func settled(_ path: String, _ tester: ServiceTester) async throws -> ServiceTester.Answer {
        var order = try await tester.ask(.get, path, token: Self.admin)
        for _ in 0..<500 where order.json?["refundingAmount"] != nil || order.json?["state"] as? String == "refunding" {
            try await Task.sleep(for: .milliseconds(10))
            order = try await tester.ask(.get, path, token: Self.admin)
        }
        return order
    }

    @Test("Some tickets are taken back: void, their seats free, their money back; the rest stays, and can go too")
    func parts() async throws {
        try await run { tester, bought in
            let path = Self.opera + "/orders/" + (try bought.text("order"))
            let all = try tickets(bought)
            let body = #"{"tickets":["\#(all[1])"],"reason":"A child fell ill."}"#
            for _ in 0..<2 {
                let answer = try await tester.ask(
                    .post, path + "/refunds", token: Self.admin, body, headers: [.idempotencyKey: "r1"])
                #expect(answer.status == 202)
                #expect(try answer.text("state") == "confirmed")
                #expect(try tickets(answer) == [all[0], all[2]])
                #expect(answer.json?["seats"] as? [String] == ["A1", "A2", "A3"])
            }
            let order = try await settled(path, tester)
            #expect(order.json?["refundedAmount"] as? Int == 99_000)
            let seats = try await tester.ask(.get, Self.opera + "/availability").text("seats")
            #expect(seats == "x.x")
            let void = try await tester.ask(.get, Self.opera + "/tickets/void", token: ServiceTester.doorToken)
            #expect(void.json?["tickets"] as? [String] == [all[1]])
            let qr = try await tester.ask(.get, path + "/tickets/\(all[1])/qr.svg", token: Self.admin)
            #expect(qr.status == 404)
            // The buyer may have as many as before.
            let page = try await tester.ask(
                .get, Self.opera + "/orders?state=confirmed&seat=A2", token: Self.admin)
            #expect((page.json?["orders"] as? [Any])?.count == 1)
            let again = try await tester.ask(.post, path + "/refunds", token: Self.admin, body)
            #expect(again.problem == "not-cancellable")
            let other = try await tester.ask(
                .post, path + "/refunds", token: Self.admin, #"{"tickets":["\#(all[0])"]}"#,
                headers: [.idempotencyKey: "r1"])
            #expect(other.problem == "idempotency-conflict")
            let rest = try await tester.ask(
                .post, path + "/refunds", token: Self.admin, #"{"tickets":["\#(all[0])","\#(all[2])"]}"#)
            #expect(rest.status == 202)
            let whole = try await settled(path, tester)
            #expect(try whole.text("state") == "refunded")
            #expect(whole.json?["refundedAmount"] as? Int == 297_000)
            #expect(try await tester.ask(.get, Self.opera + "/availability").text("seats") == "...")
            let report = try #require(try await tester.ask(.get, Self.opera + "/report", token: Self.admin).json)
            #expect(report["gross"] as? Int == 297_000 && report["refunded"] as? Int == 297_000)
            let story = try await tester.ask(.get, path + "/story", token: Self.admin)
            let steps = try #require(story.json?["steps"] as? [[String: Any]])
            let told = steps.compactMap { $0["what"] as? String }
            #expect(told.contains("Part taken back") && told.contains("Part refunded"), "\(told)")
            #expect(steps.contains { ($0["detail"] as? String)?.contains("“A child fell ill.”") ?? false })
            let audit = try await tester.ask(.get, Self.opera + "/audit", token: Self.admin).json
            let actions = (audit?["entries"] as? [[String: Any]])?.compactMap { $0["action"] as? String }
            #expect(actions == ["tickets-refunded", "tickets-refunded", "created"])
        }
    }

    @Test("What can't be taken back is refused by name")
    func refused() async throws {
        try await run { tester, bought in
            let path = Self.opera + "/orders/" + (try bought.text("order"))
            let all = try tickets(bought)
            let barcode = try #require((bought.json?["tickets"] as? [[String: Any]])?.first?["barcode"] as? String)
            let scan = #"{"barcode":"\#(barcode)"}"#
            #expect(
                try await tester.ask(.post, Self.opera + "/check-ins", token: ServiceTester.doorToken, scan).status
                    == 200)
            func ask(_ body: String) async throws -> String? {
                try await tester.ask(.post, path + "/refunds", token: Self.admin, body).problem
            }
            #expect(try await ask(#"{"tickets":["\#(all[0])"]}"#) == "not-cancellable")
            #expect(try await ask(#"{"tickets":["\#(all[0])","\#(all[1])","\#(all[2])"]}"#) == "not-cancellable")
            // The same numbers, made at another moment.
            func moved(_ id: String) -> String {
                String(id.prefix(7)) + (id.dropFirst(7).first == "z" ? "y" : "z") + id.dropFirst(8)
            }
            let stranger = moved(try bought.text("order"))
            let body = #"{"tickets":["\#(all[1])"]}"#
            for what in ["refunds", "cancel"] {
                let other = try await tester.ask(
                    .post, Self.opera + "/orders/\(stranger)/\(what)", token: Self.admin, body)
                #expect(other.problem == "not-found", "\(what)")
            }
            #expect(try await ask(#"{"tickets":["\#(moved(all[1]))"]}"#) == "invalid-request")
            for bad in [
                #"{"tickets":[]}"#, #"{"tickets":["tkt_1"]}"#, #"{"tickets":["\#(all[1])","\#(all[1])"]}"#, "{}",
                #"{"tickets":["\#(all[1])"],"reason":"\#(String(repeating: "x", count: 201))"}"#,
                #"{"tickets":["\#(all[1])"],"reason":"a\u001b[2J"}"#,
            ] {
                #expect(try await ask(bad) == "invalid-request", "\(bad)")
            }
            // The others can go, though one is inside.
            #expect(try await ask(#"{"tickets":["\#(all[1])","\#(all[2])"]}"#) == nil)
            #expect(try await tester.ask(.post, path + "/cancel", token: Self.admin).problem == "not-cancellable")
        }
    }

    @Test("A cancellation may say why, and what is no JSON says nothing")
    func reason() async throws {
        try await run { tester, bought in
            let path = Self.opera + "/orders/" + (try bought.text("order"))
            let long = #"{"reason":"\#(String(repeating: "x", count: 201))"}"#
            #expect(try await tester.ask(.post, path + "/cancel", token: Self.admin, long).problem == "invalid-request")
            #expect(
                try await tester.ask(.post, path + "/cancel", token: Self.admin, "{").problem == "malformed-request")
            let why = #"{"reason":"The concert is on another day."}"#
            #expect(try await tester.ask(.post, path + "/cancel", token: Self.admin, why).status == 202)
            let story = try await tester.ask(.get, path + "/story", token: Self.admin)
            let steps = try #require(story.json?["steps"] as? [[String: Any]])
            #expect(steps.contains { ($0["detail"] as? String)?.contains("another day") ?? false })
        }
        try await run { tester, bought in
            let path = Self.opera + "/orders/" + (try bought.text("order"))
            let answer = try await tester.ask(
                .post, path + "/cancel", token: Self.admin, "reason=none",
                headers: [.contentType: "application/x-www-form-urlencoded"])
            #expect(answer.status == 202)
        }
    }
}
