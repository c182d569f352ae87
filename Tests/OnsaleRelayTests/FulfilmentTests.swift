import Doubles
import Foundation
import Logging
import OnsaleBus
import OnsaleEngine
import OnsaleSale
import OnsaleTables
import OnsaleValues
import Seeded
import Servers
import Synchronization
import TestTables
import Testing

@testable import OnsaleRelay

/// What eligibility refuses is taken back, once.
@Suite(.timeLimit(.minutes(5))) struct FulfilmentTests {
    @Test(
        "Each refused order is paid back once and no other, though messages come twice, tables fail and processes die",
        arguments: 1...8 as ClosedRange<UInt64>)
    func refusals(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let (journal, folder, gateway) = (MemoryJournal(), try TemporaryFolder(), FakeGateway())
        let bus = TableBus(try sqliteTables("bus", in: folder))
        var (bought, refused): ([OrderID], Set<OrderID>) = ([], [])
        for life in 0..<3 {
            try await live(journal, folder, bus, gateway, faults: (seed &* 31 &+ UInt64(life), 0.2)) { engine in
                if life == 0 { _ = try await engine.create(Show.definition("show0"), document: nil) }
                let event = try await engine.event("show0")
                for step in 0..<Int.random(in: 1...6, using: &random) {
                    bought.append(try await engine.buy(life * 10 + step, in: event).id)
                }
                for order in bought where Int.random(in: 0..<3, using: &random) == 0 {
                    refused.insert(order)
                    let says = try await Self.refusal(of: order, in: event, engine)
                    // What is late finds an order that the buyer has cancelled meanwhile.
                    if Int.random(in: 0..<4, using: &random) == 0 {
                        _ = try? await engine.apply(CancelOrder(order, buyer: nil, key: nil), to: event)
                    }
                    for _ in 0...Int.random(in: 0...1, using: &random) { try await bus.publish([says]) }
                }
                try await bus.publish([Self.refusal(of: "ord_nothing", number: 900 + life)])
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...60, using: &random)))
            }
        }
        try await live(journal, folder, bus, gateway, faults: (seed, 0)) { [refused, bought] engine in
            let event = try await engine.event("show0")
            func states() async throws -> [OrderID: OrderState] {
                let pairs = try await engine.read(event) { partition in
                    bought.compactMap { id in partition.sale.order(id).map { (id, $0.state) } }
                }
                return Dictionary(uniqueKeysWithValues: pairs)
            }
            for _ in 0..<2_000 {
                let states = try await states()
                if refused.allSatisfy({ states[$0] == .refunded }) { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            for (order, state) in try await states() {
                #expect(state == (refused.contains(order) ? .refunded : .confirmed), "\(order)")
            }
        }
        for account in gateway.state.withLock({ $0.accounts }) { #expect(account.refunds.count <= 1) }
        #expect(gateway.state.withLock { $0.accounts.count { !$0.refunds.isEmpty } } == refused.count)
    }

    private static func refusal(
        of order: OrderID, in event: EventHandle, _ engine: Engine
    ) async throws -> CloudEvent {
        let name = try await engine.read(event) { partition in
            partition.sale.order(order).map { partition.definition.publicID($0) }
        }
        return refusal(of: try #require(name), number: Int(order.serial))
    }

    private static func refusal(of order: String, number: Int) -> CloudEvent {
        CloudEvent(
            id: "show0/\(number)", type: .eligibilityRefused, subject: order,
            time: Timestamp(milliseconds: 1_800_000_000_000), key: "show0",
            data: Array(#"{"event":"show0","order":"\#(order)","buyer":"byr_1","reason":"no member"}"#.utf8))
    }

    /// A process's life: an engine, and its ear on the bus, which ends as if it were killed.
    private func live(
        _ journal: MemoryJournal, _ folder: TemporaryFolder, _ bus: TableBus, _ gateway: FakeGateway,
        faults: (seed: UInt64, probability: Double), _ body: (Engine) async throws -> Void
    ) async throws {
        let tables = FaultyTables(
            try sqliteTables("relay", in: folder), seed: faults.seed, probability: faults.probability)
        let engine = Engine(
            journal: journal, clock: try SystemClock(), payments: gateway, logger: .silent, fatal: { fatalError($0) })
        try engine.start()
        let role = FulfilmentRole(engine, tables: tables, bus: bus, logger: .silent)
        let work = Task { await role.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(engine)) } catch { result = .failure(error) }
        work.cancel()
        await work.value
        await engine.stop()
        await tables.close()
        try result.get()
    }
}
