import BusConformance
import OnsaleBus
import OnsaleMigrations
import TestTables
import Testing

@testable import OnsaleTables

@Suite(.timeLimit(.minutes(5))) struct TableBusTests {
    @Test("A bus in tables keeps every rule of a bus", arguments: TablesKind.allCases, BusRule.all.indices)
    func conformance(kind: TablesKind, rule: Int) async throws {
        try await withTables(kind, of: "bus") { open in
            try await BusRule.all[rule].check { TableBus(try open()) }
        }
    }

    @Test("Old messages go once every group has handled them, or was forgotten", arguments: TablesKind.allCases)
    func trimming(kind: TablesKind) async throws {
        try await withTables(kind, of: "bus") { open in
            let bus = TableBus(try open())
            for start in stride(from: 0, to: 2_500, by: 500) {
                try await bus.publish(events(500, keys: 1, from: start))
            }
            func trimmed() async throws -> Int {
                // As three days later.
                while try await bus.write({ try BusTables.trim(before: $1 + 1, in: $0) }) {}
                return try await bus.tables.read {
                    Int(try $0.rows("SELECT COUNT(*) FROM message", [])[0][0] ?? "") ?? -1
                }
            }
            func handle(_ group: String, _ count: Int64) async throws {
                let membership = try await bus.join(group, topics: [.orders])
                let update = try await membership.next(limit: 1, except: [], wait: .seconds(20))
                let lane = try #require(update.deliveries.first?.lane)
                try await membership.commit([lane: count])
                await membership.leave()
            }
            try await handle("quick", 2_500)
            try await handle("slow", 1_200)
            #expect(try await trimmed() == 1_500)
            let membership = try await bus.join("slow", topics: [.orders])
            _ = try await membership.next(limit: 1, except: [], wait: .seconds(20))
            await #expect(throws: BusError.self) { _ = try await bus.forget("slow") }
            await membership.leave()
            let wasThere = try await bus.forget("slow")
            let isThere = try await bus.forget("slow")
            #expect(wasThere && !isThere)
            #expect(try await trimmed() == 500)
            await bus.close()
        }
    }
}
