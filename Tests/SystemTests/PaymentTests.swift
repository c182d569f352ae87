import Foundation
import NIOHTTP1
import Testing

/// Every payment method of the sandbox, and crashes on either side.
@Suite struct PaymentTests {
    /// Polls until the order is final.
    private func settled(_ client: Client, _ order: String, _ pass: String) async throws -> String? {
        for _ in 0..<400 {
            let state = try? await client.send(.GET, "/v1/events/show/orders/\(order)", token: pass).string("state")
            if let state, state != "authorizing" { return state }
            try await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }

    @Test(
        "Each payment method ends as it should",
        arguments: [
            ("pm_card_visa", "confirmed"), ("pm_card_chargeDeclined", "declined"), ("pm_sandbox_slow", "confirmed"),
            ("pm_sandbox_timeout", "confirmed"), ("pm_sandbox_error", "confirmed"),
            ("pm_sandbox_captureFails", "declined"), ("pm_unheard_of", "declined"),
        ])
    func methods(method: String, expected: String) async throws {
        try await withServer { client, _, folder in
            try await client.createEvent()
            let pass = try await client.pass("fan")
            let hold = try await client.hold(pass, #"{"seats":["0-0"]}"#)
            let order = try await client.order(
                pass, hold: try #require(hold.string("hold")), method: method, key: "k", waitSeconds: 1)
            #expect(order.status == 201 || order.status == 202)
            #expect(try await settled(client, try #require(order.string("order")), pass) == expected)
            // A declined card leaves its hold; a refused capture ends it.
            let seat: Character =
                expected == "confirmed" ? "x" : method == "pm_sandbox_captureFails" ? "." : "h"
            #expect(try await client.seats().first == seat)
            #expect(try await client.report().number("gross") == (expected == "confirmed" ? 50_000 : 0))
            try await expectVerified(folder)
        }
    }

    @Test("A second request with a key still in progress gets the same order")
    func doubleClick() async throws {
        try await withServer { client, _, _ in
            try await client.createEvent()
            let pass = try await client.pass("fan")
            let hold = try #require(try await client.hold(pass, #"{"seats":["0-0"]}"#).string("hold"))
            async let first = client.order(pass, hold: hold, method: "pm_sandbox_slow", key: "k")
            async let second = client.order(pass, hold: hold, method: "pm_sandbox_slow", key: "k")
            try await Task.sleep(for: .seconds(1))
            let meanwhile = try await client.order(pass, hold: hold, key: "third", waitSeconds: 0)
            #expect(meanwhile.slug == "hold-ordered")
            let answers = try await [first, second]
            #expect(answers.map(\.status) == [201, 201])
            #expect(answers[0].string("order") == answers[1].string("order"))
            let third = try await client.order(pass, hold: hold, key: "other")
            #expect(third.slug == "hold-expired")
            #expect(try await client.report().number("gross") == 50_000)
        }
    }

    @Test("When a provider dies and comes back, every order ends with its money where it belongs")
    func providerCrashes() async throws {
        try await withFolder { folder in
            let key = ["ONSALE_PAYMENT_SECRET_KEY": "sk_test"]
            func sandbox(port: String) async throws -> RunningProgram {
                try await RunningProgram.start(
                    ["payments-sandbox", "--port", port, "--data", folder + "/provider"], environment: key)
            }
            var provider = try await sandbox(port: "0")
            let port = try #require(provider.url.split(separator: ":").last.map(String.init))
            let server = try await Serve.start(
                data: folder + "/server", environment: key.merging(["ONSALE_PAYMENT_URL": provider.url]) { $1 })
            let client = Client(url: server.url)
            try await client.createEvent()
            let methods = [
                "pm_card_visa", "pm_card_visa", "pm_sandbox_error", "pm_card_chargeDeclined", "pm_sandbox_captureFails",
                "pm_sandbox_slow",
            ]
            var orders: [(id: String, pass: String)] = []
            for number in 0..<24 {
                if number == 9 { await provider.kill() }
                if number == 15 { provider = try await sandbox(port: port) }
                let pass = try await client.pass("fan\(number)")
                let hold = try await client.hold(pass, #"{"seats":["\#(number / 10)-\#(number % 10)"]}"#)
                let order = try await client.order(
                    pass, hold: try #require(hold.string("hold")), method: methods[number % methods.count],
                    key: "k\(number)", waitSeconds: 0)
                orders.append((try #require(order.string("order")), pass))
            }
            for (number, order) in orders.enumerated() {
                let expected = [3, 4].contains(number % methods.count) ? "declined" : "confirmed"
                #expect(try await settled(client, order.id, order.pass) == expected)
            }
            #expect(try await client.report().number("gross") == 16 * 50_000)
            await server.stop()
            await provider.stop()
            try await expectVerified(folder + "/server")
        }
    }
}
