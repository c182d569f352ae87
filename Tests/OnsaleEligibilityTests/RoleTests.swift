import Foundation
import Logging
import OnsaleBus
import OnsaleSchema
import OnsaleTables
import OnsaleValues
import Seeded
import Servers
import TestTables
import Testing

@testable import OnsaleEligibility

/// From the sale's messages to what is said, through the bus, the tables and an organizer.
@Suite(.timeLimit(.minutes(5))) struct RoleTests {
    private let folder: TemporaryFolder
    private let bus: TableBus
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        folder = try TemporaryFolder()
        bus = TableBus(
            try SQLiteTables(
                path: folder.path + "/bus.sqlite", name: "bus",
                migrations: try OnsaleSchema.migrations(ofService: "bus")))
    }

    private func role(
        _ tables: any Tables, _ endpoint: any EligibilityEndpoint, retryMilliseconds: Int64 = 20,
        leaseMilliseconds: Int64 = 30_000
    ) throws -> EligibilityRole {
        let secret = try #require(EligibilitySecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        return EligibilityRole(
            tables: tables, bus: bus, endpoint: endpoint,
            configuration: EligibilityConfiguration(
                secrets: [secret], settings: EligibilitySettings(retryMilliseconds: retryMilliseconds),
                leaseMilliseconds: leaseMilliseconds, now: systemNow), logger: logger)
    }

    /// Reads what is said until so many orders are decided on; and a while longer, so that more would be seen.
    private func said(_ count: Int) async throws -> [CloudEvent] {
        let membership = try await bus.join("test", topics: [.fulfilment])
        var events: [CloudEvent] = []
        let end = ContinuousClock.now + .seconds(60)
        while Set(events.map(\.subject)).count < count, ContinuousClock.now < end {
            let update = try await membership.next(limit: 100, except: [], wait: .milliseconds(200))
            events += try update.deliveries.map { try CloudEvent($0.message) }
        }
        let more = try await membership.next(limit: 100, except: [], wait: .milliseconds(300))
        await membership.leave()
        return try events + more.deliveries.map { try CloudEvent($0.message) }
    }

    private func withRoles<Value>(
        _ roles: [EligibilityRole], _ body: () async throws -> Value
    ) async throws -> Value {
        let tasks = roles.map { role in Task { await role.run() } }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        return try result.get()
    }

    @Test("Each order is asked about by one of two processes, and decided on once", arguments: TablesKind.allCases)
    func decisions(kind: TablesKind) async throws {
        try await withTables(kind, of: "eligibility") { open in
            let endpoint = FakeEndpoint { order, attempt in
                switch order {
                case "refused": return .no
                case "third": if attempt < 3 { throw FakeEndpoint.NoAnswer() }
                case "never": throw FakeEndpoint.NoAnswer()
                default: break
                }
                return .yes
            }
            var half = order("half")
            (half.amount, half.refundedAmount) = (20_000, 5000)
            var whole = order("whole")
            (whole.amount, whole.refundedAmount) = (20_000, 20_000)
            var news = [
                try news(.orderPlaced, 1, order("granted")), try news(.orderConfirmed, 2, order("granted")),
                try news(.orderConfirmed, 3, order("refused")), try news(.orderConfirmed, 4, order("free", url: nil)),
                try news(.orderConfirmed, 5, order("cancelled")), try news(.orderCancelled, 6, order("cancelled")),
                try news(.orderConfirmed, 7, order("third")), try news(.orderConfirmed, 8, order("half")),
                try news(.orderRefunded, 9, half), try news(.orderRefunded, 10, whole),
                try news(.orderConfirmed, 11, order("never", deadlineSeconds: 10)),
            ]
            news += news
            try await bus.publish(news)
            let tables = [try open(), try open()]
            let events = try await withRoles(try tables.map { try role($0, endpoint) }) {
                _ = try await said(5)
                // A dispute that is won confirms it once more; late money of an order that was never confirmed.
                try await bus.publish([
                    try self.news(.orderCancelled, 12, order("granted"), reason: "dispute"),
                    try self.news(.orderConfirmed, 13, order("granted")), try self.news(.orderConfirmed, 14, whole),
                    try self.news(.orderConfirmed, 15, order("last")),
                ])
                return try await said(6)
            }
            let decided = Dictionary(grouping: events, by: \.subject).mapValues { Set($0.map(\.type)) }
            #expect(
                decided == [
                    "granted": [.eligibilityGranted], "refused": [.eligibilityRefused], "third": [.eligibilityGranted],
                    "half": [.eligibilityGranted], "never": [.eligibilityGranted], "last": [.eligibilityGranted],
                ])
            let refused = try #require(events.first { $0.subject == "refused" })
            let message = try JSONDecoder().decode(EligibilityMessage.self, from: Data(refused.data))
            #expect(refused.id == "evt_1/3" && refused.key == "evt_1" && refused.traceparent == "00-3-2-01")
            #expect(message == .init(event: "evt_1", order: "refused", buyer: "byr_1", reason: "no member"))
            let never = try #require(events.first { $0.subject == "never" })
            #expect(String(decoding: never.data, as: UTF8.self).contains(#""reason":"unanswered""#))
            var asked = endpoint.asked
            #expect(asked.removeValue(forKey: "never") ?? 0 > 1)
            #expect(asked == ["granted": 1, "refused": 1, "third": 3, "half": 1, "last": 1])
            for tables in tables { await tables.close() }
        }
    }

    @Test("A question that was under way when the process ended is asked again, with the same ID")
    func restart() async throws {
        try await withTables(.sqlite, of: "eligibility") { open in
            let asked = Doorbell()
            let endpoint = FakeEndpoint { _, attempt in
                asked.ring()
                if attempt == 1 { try await Task.sleep(for: .seconds(60)) }
                return .no
            }
            try await bus.publish([try news(.orderConfirmed, 1, order("a"))])
            let tables = try open()
            try await withRoles([try role(tables, endpoint)]) { try await asked.wait(after: 0, atMost: .seconds(30)) }
            await tables.close()
            let again = try open()
            let events = try await withRoles([try role(again, endpoint)]) { try await said(1) }
            #expect(events.map(\.type) == [.eligibilityRefused] && endpoint.asked == ["a": 2])
            await again.close()
        }
    }

    @Test(
        "Tables that fail before or after a commit, organizers that fail, processes that die: one decision for each order"
    )
    func faults() async throws {
        // All at once, for each waits most of the time, and the tests of this suite run one after the other.
        try await withThrowingDiscardingTaskGroup { group in
            for kind in TablesKind.allCases {
                for seed in 1...3 as ClosedRange<UInt64> {
                    group.addTask { try await RoleTests().faults(kind: kind, seed: seed) }
                }
            }
        }
    }

    private func faults(kind: TablesKind, seed: UInt64) async throws {
        try await withTables(kind, of: "eligibility") { open in
            var random = SeededRandom(seed: seed)
            let endpoint = FakeEndpoint { order, attempt in
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...60)))
                if attempt % 3 == 1 { throw FakeEndpoint.NoAnswer() }
                return order.hasSuffix("7") ? .no : .yes
            }
            let names = (0..<30).map { "ord_\($0)" }
            for (number, name) in names.enumerated() {
                for _ in 0..<2 { try await bus.publish([try news(.orderConfirmed, number, order(name))]) }
            }
            let underlying = [try open(), try open()]
            for round in 0..<8 {
                let faulty = underlying.enumerated().map { index, tables in
                    FaultyTables(tables, seed: seed * 100 + UInt64(2 * round + index), probability: 0.15)
                }
                try await withRoles(try faulty.map { try role($0, endpoint, leaseMilliseconds: 300) }) {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 20...400, using: &random)))
                }
            }
            // What a commit whose answer was lost has taken must not be forgotten while its holder lives.
            let faulty = FaultyTables(underlying[0], seed: seed, probability: 0.15)
            let events = try await withRoles([try role(faulty, endpoint, leaseMilliseconds: 300)]) {
                try await said(names.count)
            }
            let decided = Dictionary(grouping: events, by: \.subject).mapValues { Set($0.map(\.identity)) }
            #expect(decided.keys.sorted() == names.sorted())
            for (number, name) in names.enumerated() {
                let type: EventType = name.hasSuffix("7") ? .eligibilityRefused : .eligibilityGranted
                #expect(decided[name] == [type.source + " evt_1/\(number)"], "seed \(seed)")
            }
            for tables in underlying { await tables.close() }
        }
    }

    private func news(
        _ type: EventType, _ sequence: Int, _ order: OrderMessage, reason: String
    ) throws -> CloudEvent {
        var order = order
        order.reason = reason
        return try news(type, sequence, order)
    }

    private func news(_ type: EventType, _ sequence: Int, _ order: OrderMessage) throws -> CloudEvent {
        try OnsaleEligibilityTests.news(type, sequence, order)
    }
}
