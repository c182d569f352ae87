import BusConformance
import OnsaleBus
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
}
