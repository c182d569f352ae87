import OnsaleBus
import OnsaleTables
import Servers
import Synchronization
import TestTables

/// Runs `body` with a way to open the service's tables, any number of times.
func withTables<Value>(
    _ kind: TablesKind, _ body: (@escaping @Sendable () throws -> any Tables) async throws -> Value
) async throws -> Value {
    try await withTables(kind, of: "documents", body)
}

/// A bus that can be out of order for those who publish.
final class FailingBus: EventBus {
    private let bus: TableBus
    private let folder: TemporaryFolder
    private let refuses = Mutex(false)
    private let refused = Atomic(0)

    init() throws {
        folder = try TemporaryFolder()
        bus = TableBus(try sqliteTables("bus", in: folder))
    }

    /// Whether it takes nothing at the moment but what the test itself publishes.
    func refuse(_ refuses: Bool) { self.refuses.withLock { $0 = refuses } }
    /// How often it has refused something.
    var refusals: Int { refused.load(ordering: .relaxed) }

    func publish(_ events: [CloudEvent]) async throws {
        if refuses.withLock({ $0 }), events.contains(where: { $0.type.topic == .tickets }) {
            refused.add(1, ordering: .relaxed)
            throw BusError(.unavailable, "out of order")
        }
        try await bus.publish(events)
    }

    func bury(_ letters: [DeadLetter]) async throws { try await bus.bury(letters) }
    func join(_ group: String, topics: [Topic]) async throws -> any BusMembership {
        try await bus.join(group, topics: topics)
    }
    func lag(of groups: [String: [Topic]]) async throws -> [BusLag] { try await bus.lag(of: groups) }
    func letters(limit: Int) async throws -> [DeadLetter] { try await bus.letters(limit: limit) }
    func redrive(limit: Int) async throws -> Int { try await bus.redrive(limit: limit) }
    func close() async { await bus.close() }
}
