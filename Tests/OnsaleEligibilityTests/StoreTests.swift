import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import TestTables
import Testing

@testable import OnsaleEligibility

/// The table decides once, in both databases.
@Suite(.timeLimit(.minutes(2))) struct StoreTests {
    private func check(_ session: any SQLSession) throws {
        let store = EligibilityStore(session)
        let asks = try (1...5).map { try ask("ord_\($0)", at: after(Int64($0 / 2))) }
        for ask in asks { #expect(try store.admit(ask)) }
        #expect(try !store.admit(asks[0]))

        // Taken by one and not by the other until their time is up, or a clock was set back.
        func claim(_ holder: String, at now: Int64, limit: Int = 9) throws -> [String] {
            try store.claim(holder, at: now, until: now + 100, horizon: now + 200, limit: limit).map(\.ask.order)
        }
        #expect(try claim("one", at: 1000, limit: 2) == ["ord_1", "ord_2"])
        #expect(try claim("two", at: 1000) == ["ord_3", "ord_4", "ord_5"])
        #expect(try store.renew("one", until: 1150) == ["ord_1", "ord_2"])
        #expect(try claim("three", at: 1101) == ["ord_3", "ord_4", "ord_5"])
        #expect(try store.renew("two", until: 2000).isEmpty)
        try store.release("three", order: "ord_4")
        #expect(try claim("two", at: 1101) == ["ord_4"])
        try store.release("two")
        #expect(try claim("three", at: 1101) == ["ord_4"])
        #expect(try claim("four", at: 900) == ["ord_1", "ord_2", "ord_3", "ord_4", "ord_5"])
        try store.release("four")
        #expect(try claim("one", at: 1101, limit: 1) == ["ord_1"])

        var desk = EligibilityDesk()
        _ = desk.open(asks[0])
        let call = try #require(desk.calls(at: monday).first)
        #expect(try !store.note(call, by: "two") && store.note(call, by: "one"))
        try store.release("one", order: "ord_1")
        let again = try store.claim("one", at: 1101, until: 1201, horizon: 1301, limit: 1)
        #expect(again == [.init(ask: asks[0], attempts: 1)])

        let decision = EligibilityDecision(ask: asks[0], outcome: .refused, reason: "no member", at: after(5))
        #expect(try store.decide(decision))
        #expect(try !store.decide(.init(ask: asks[0], outcome: .granted, at: after(6))))
        #expect(try !store.admit(asks[0]))
        #expect(try !store.note(call, by: "one"))

        // What has ended is asked about no more, whichever message came first; what is decided stays so.
        for name in ["ord_1", "ord_2", "ord_9"] {
            let message = order(name)
            try store.withdraw(message, by: confirmed(message, type: .orderCancelled))
        }
        #expect(try !store.admit(try ask("ord_9")))
        #expect(try !store.decide(.init(ask: asks[1], outcome: .granted, at: after(6))))
        #expect(try store.openCount() == 3)
        let first = try session.rows("SELECT decision, body FROM eligibility_case WHERE order_id = $1", ["ord_1"])
        #expect(first == [["refused", ""]])
    }

    @Test("Orders are held by one, and decided on once", arguments: TablesKind.allCases)
    func tables(kind: TablesKind) async throws {
        try await withTables(kind, of: "eligibility") { open in
            let tables = try open()
            try await tables.write { try check($0) }
            await tables.close()
        }
    }
}
