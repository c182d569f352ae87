import Foundation
import Logging
import OnsaleBus
import OnsaleSettlement
import OnsaleTables
import OnsaleValues
import OnsaleWebhooks
import Servers
import TestTables
import Testing

/// Services that work, for endpoints about them.
struct AfterSaleTester {
    let bus: any EventBus
    let webhooks: WebhooksRole
    let settlement: SettlementRole

    /// Runs them while `body` does.
    static func run(_ body: (AfterSaleTester) async throws -> Void) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let folder = try TemporaryFolder()
        let bus = TableBus(try sqliteTables("bus", in: folder))
        var configuration = WebhooksConfiguration(
            seal: try #require(SecretSeal(key: Array(repeating: 1, count: SecretSeal.keyBytes))))
        configuration.reach = .everything
        let webhooks = try WebhooksRole(
            tables: try sqliteTables("webhooks", in: folder), bus: bus, configuration: configuration,
            switchedOff: { _, _ in }, logger: logger)
        let settlement = SettlementRole(
            tables: try sqliteTables("settlement", in: folder), bus: bus, statement: nil,
            configuration: SettlementConfiguration(
                fees: try FeeSchedule([]), offset: { _, _ in 0 }, now: { Timestamp(milliseconds: 1_800_000_000_000) }),
            logger: logger)
        let running = Task {
            await withDiscardingTaskGroup { group in
                group.addTask { await webhooks.run() }
                group.addTask { await settlement.run() }
            }
        }
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(AfterSaleTester(bus: bus, webhooks: webhooks, settlement: settlement)))
        } catch { result = .failure(error) }
        running.cancel()
        await running.value
        await bus.close()
        try result.get()
    }

    /// Says that an order of the event was confirmed and paid.
    func confirm(_ number: Int, of event: String) async throws {
        let order = OrderMessage(
            event: OnsaleEvent(
                id: event, title: "Opera", venue: "", startsAt: "2030-01-01T20:00:00.000Z", currency: "KRW"),
            order: "ord_\(number)", buyer: "byr_1", amount: 99_000, placedAt: "2027-01-15T08:00:00.000Z",
            lines: [.init(category: "VIP", unitAmount: 99_000, quantity: 1)],
            tickets: [.init(ticket: "tkt_\(number)", seat: "A1", category: "VIP", barcode: "b")],
            payment: "pi_\(number)")
        try await bus.publish([
            CloudEvent(
                id: "\(event)/\(number)", type: .orderConfirmed, subject: "ord_\(number)",
                time: Timestamp(milliseconds: 1_800_000_000_000), key: event,
                data: Array(try JSONEncoder().encode(order))
            )
        ])
    }
}
