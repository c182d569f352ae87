package import OnsaleBus
import OnsaleMigrations
import Synchronization

/// The bus in tables, for those who have no Kafka: within one process, or among several that share the tables.
package final class TableBus: EventBus {
    /// How many lanes a topic has. It can't be changed: a key stays in its lane.
    static let laneCount: Int64 = 8
    /// How long a member keeps its lanes after it was last heard of.
    static let leaseMilliseconds: Int64 = 10_000
    /// The longest wait for messages that other processes publish.
    static let pollMilliseconds: Int64 = 250
    /// The most messages of a transaction.
    private static let batchMax = 1_000
    /// How long a message stays at least.
    static let keptMilliseconds: Int64 = 3 * 86_400_000

    let tables: any Tables
    let bell = Doorbell()
    private let hasClosed = Mutex(false)
    private let trimming = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameter tables: of its own, with `db/services/bus`. They are closed with it.
    package init(_ tables: any Tables) {
        self.tables = tables
    }

    package func publish(_ events: [CloudEvent]) async throws {
        try await publish(events.map { ($0.type.topic, try MessageText($0.message)) })
    }

    private func publish(_ messages: [(topic: Topic, text: MessageText)]) async throws {
        if messages.isEmpty { try checkIsOpen() }
        for start in stride(from: 0, to: messages.count, by: TableBus.batchMax) {
            let batch = messages[start..<min(start + TableBus.batchMax, messages.count)]
            try await write { session, now in try BusTables.publish(batch, at: now, in: session) }
            bell.ring()
        }
    }

    package func bury(_ letters: [DeadLetter]) async throws {
        guard !letters.isEmpty else { return try checkIsOpen() }
        let texts = try letters.map { ($0, try MessageText($0.message)) }
        try await write { session, now in
            for (letter, text) in texts { try BusTables.bury(letter, text, at: now, in: session) }
        }
    }

    package func join(_ group: String, topics: [Topic]) async throws -> any BusMembership {
        try await write { session, _ in
            for topic in topics { try GroupTables.begin(group, topic, in: session) }
        }
        let membership = TableMembership(group, topics: topics, on: self)
        try await membership.attend()
        return membership
    }

    package func lag(of groups: [String: [Topic]]) async throws -> [BusLag] {
        try await read { session, _ in
            try groups.sorted { $0.key < $1.key }.flatMap { group, topics in
                try topics.sorted().flatMap { try BusTables.lag(of: group, $0, in: session) }
            }
        }
    }

    package func letters(limit: Int) async throws -> [DeadLetter] {
        try await read { session, _ in
            try Topic.allCases.flatMap { try BusTables.letters($0, limit: limit, in: session) }
        }
    }

    package func redrive(limit: Int) async throws -> Int {
        let count = try await write { session, now in
            var count = 0
            for topic in Topic.allCases {
                let letters = try BusTables.takeLetters(topic, limit: limit, in: session)
                let messages = try letters.map { (topic: topic, text: try MessageText($0.message)) }
                try BusTables.publish(messages[...], at: now, in: session)
                count += letters.count
            }
            return count
        }
        bell.ring()
        return count
    }

    /// Forgets a group that won't come again: messages are kept until each group has handled them. Should it come all the
    /// same, it begins with the oldest message that is left.
    /// - Returns: whether there was such a group.
    /// - Throws: ``BusError``, also if the group has members at the moment; `CancellationError`.
    package func forget(_ group: String) async throws -> Bool {
        try await write { session, now in try GroupTables.forget(group, at: now, in: session) }
    }

    package func close() async {
        hasClosed.withLock { $0 = true }
        bell.ring()
        await tables.close()
    }

    /// - Throws: ``BusError``.
    func checkIsOpen() throws {
        if hasClosed.withLock({ $0 }) { throw BusError(.closed, "the bus has been closed") }
    }

    /// Removes, now and then, messages that nobody needs any more.
    func trim() async throws {
        let now = ContinuousClock.now
        let isDue = trimming.withLock { due in
            guard due ?? now <= now else { return false }
            due = now + .seconds(600)
            return true
        }
        guard isDue else { return }
        while try await write({ try BusTables.trim(before: $1 - TableBus.keptMilliseconds, in: $0) }) {}
    }

    /// - Throws: ``BusError``, `CancellationError`.
    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession, _ now: Int64) throws -> Value
    ) async throws -> Value {
        try await run { tables in try await tables.write { try body($0, try tables.now(in: $0)) } }
    }

    /// - Throws: ``BusError``, `CancellationError`.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession, _ now: Int64) throws -> Value
    ) async throws -> Value {
        try await run { tables in try await tables.read { try body($0, try tables.now(in: $0)) } }
    }

    private func run<Value: Sendable>(_ body: (any Tables) async throws -> Value) async throws -> Value {
        try checkIsOpen()
        try Task.checkCancellation()
        do {
            return try await body(tables)
        } catch let error as BusError {
            throw error
        } catch {
            try checkIsOpen()
            throw BusError(.unavailable, "the tables of the bus: \(error)")
        }
    }
}
