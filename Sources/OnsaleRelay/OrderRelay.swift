import Dispatch
package import Logging
package import OnsaleBus
package import OnsaleEngine
import OnsaleSale
package import OnsaleTables
import OnsaleValues
import Synchronization

/// Tells the bus what happens to orders. The journal is the outbox; the relay keeps only how far it has told it.
///
/// Each event is told by the node that writes it. A position moves once the bus has what was said before it, so after a
/// crash some of it is said again, with the same identities.
package final class OrderRelay: Follower {
    /// The most rows told at a time.
    private static let rowsMax = 256
    /// No further row is taken once the payloads have so many bytes.
    private static let bytesMax = 1 << 20
    private static let pauseMillisecondsMax = 10_000
    /// The most facts to read once more after a start, of which nothing had to be said.
    private static let passedOverMax: UInt64 = 10_000

    private struct Told {
        let reached: UInt64
        /// What the tables say: behind it nothing had to be said.
        let kept: UInt64
    }

    private struct State {
        /// How far the journal of each event that is written here reaches.
        var heads: [String: UInt64] = [:]
        /// How far it has been told; only the tables know it of events that aren't here.
        var told: [String: Told] = [:]
        var trouble: String?
    }

    private let journal: any EventStore
    private let tables: any Tables
    private let bus: any EventBus
    private let messages: OrderMessages
    private let logger: Logger
    private let queue = DispatchQueue(label: "onsale.relay", qos: .utility)
    private let bell = Doorbell()
    private let state = Mutex(State())

    /// - Parameter tables: of its own, with `db/services/relay`.
    package init(
        journal: any EventStore, tables: any Tables, bus: any EventBus, messages: OrderMessages, logger: Logger
    ) {
        self.journal = journal
        self.tables = tables
        self.bus = bus
        self.messages = messages
        self.logger = logger
    }

    /// How many facts of the events that are written here are still to be told.
    package var behind: UInt64 {
        state.withLock { state in
            state.heads.reduce(0) { $0 + ($1.value - min($1.value, state.told[$1.key]?.reached ?? 0)) }
        }
    }

    /// Why it doesn't get on; nil if it does.
    package var trouble: String? { state.withLock { $0.trouble } }

    package func follow(_ committed: Committed, in partition: borrowing Partition) {
        reaches(committed.row.partition, committed.row.lastSequence)
    }

    package func resume(_ partition: borrowing Partition, at head: JournalHead) {
        state.withLock { $0.told[head.partition] = nil }
        reaches(head.partition, head.lastSequence)
    }

    package func leave(_ event: String) {
        state.withLock { state in
            state.heads[event] = nil
            state.told[event] = nil
        }
    }

    private func reaches(_ event: String, _ sequence: UInt64) {
        state.withLock { $0.heads[event] = sequence }
        bell.ring()
    }

    /// Notes, the first time, what is in the journal already and will not be told. Call it before anything is sold.
    /// - Throws: ``JournalError``, ``TablesError``, errors of the tables.
    package func prepare() async throws {
        let heads = try await heads()
        try await tables.write { [tables] session in
            try RelayTables.begin(heads, at: tables.now(in: session), in: session)
        }
    }

    private func heads() async throws -> [String: UInt64] {
        Dictionary(
            try await reading { try $0.heads() }.map { ($0.partition, $0.lastSequence) }, uniquingKeysWith: max)
    }

    /// Works until the task is cancelled.
    package func run(_ engine: Engine) async {
        await trying { try await begin(engine) }
        var stuck: [String: (failures: Int, until: ContinuousClock.Instant)] = [:]
        while !Task.isCancelled {
            let rings = bell.rings
            let now = ContinuousClock.now
            let events = state.withLock { state in
                state.heads.filter { $0.value > state.told[$0.key]?.reached ?? 0 }.keys.sorted()
            }
            stuck = stuck.filter { events.contains($0.key) }
            // One that can't be told, whatever the reason, keeps no other waiting.
            let due = events.filter { stuck[$0].map { $0.until <= now } ?? true }
            for event in due {
                do {
                    try await tell(event, of: engine)
                    stuck[event] = nil
                } catch {
                    if Task.isCancelled { return }
                    let failures = (stuck[event]?.failures ?? 0) + 1
                    let pause = complain(error, failures, ["event": "\(event)"])
                    stuck[event] = (failures, .now + pause)
                }
            }
            if stuck.isEmpty { state.withLock { $0.trouble = nil } }
            if due.isEmpty {
                let next = stuck.values.map { $0.until - .now }.min() ?? .seconds(60)
                try? await bell.wait(after: rings, atMost: max(.milliseconds(1), min(next, .seconds(60))))
            }
        }
    }

    /// Says that something can't be told.
    /// - Returns: how long to wait before it is tried again.
    private func complain(_ error: any Error, _ failures: Int, _ more: Logger.Metadata = [:]) -> Duration {
        state.withLock { $0.trouble = "What has happened can't be told to the bus: \(error)" }
        let pause = min(OrderRelay.pauseMillisecondsMax, 100 << min(failures, 10))
        let metadata: Logger.Metadata = [
            "error": "\(error)", "behind": "\(behind)", "pauseMilliseconds": "\(pause)",
        ]
        logger.warning(
            "What has happened can't be told to the bus; nothing is lost, and it will be told later",
            metadata: metadata.merging(more) { $1 })
        return .milliseconds(pause)
    }

    /// Runs `body` again and again until it succeeds.
    private func trying(_ body: () async throws -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await body()
                state.withLock { $0.trouble = nil }
                return
            } catch {
                if Task.isCancelled { return }
                failures += 1
                try? await Task.sleep(for: complain(error, failures))
            }
        }
    }

    /// Loads the events of which something is still to be told, since nobody else may have a reason to.
    private func begin(_ engine: Engine) async throws {
        guard !engine.isShared else { return }
        let heads = try await heads()
        let positions = try await tables.read { try RelayTables.positions(in: $0) }
        for (event, last) in heads where last > positions[event] ?? 0 {
            do { _ = try await engine.event(event) } catch {
                logger.error(
                    "An event of which something is still to be told can't be loaded",
                    metadata: ["event": "\(event)", "error": "\(error)"])
            }
        }
    }

    /// Tells the next rows of an event that is written here.
    private func tell(_ event: String, of engine: Engine) async throws {
        let (told, isHere) = state.withLock { ($0.told[event], $0.heads[event] != nil) }
        guard isHere else { return }
        let position: UInt64
        let kept: UInt64
        if let told {
            (position, kept) = (told.reached, told.kept)
        } else {
            position = try await tables.read { try RelayTables.position(of: event, in: $0) }
            kept = position
        }
        let rows = try await reading { journal in
            try OrderRelay.rows(of: event, after: position, in: journal)
        }
        let handle = try await engine.event(event)
        let mayProve = handle.view.definition.eligibility != nil
        let known = NewsFold.orders(of: rows.flatMap(\.facts), withProofs: mayProve)
        let pasts =
            known.isEmpty ? [:] : try await tables.read { try RelayTables.pasts(of: known, in: event, in: $0) }
        var fold = NewsFold(pasts)
        let news = rows.map { row in (row.time, fold.take(row.facts, from: row.first)) }
        let last = rows.last.map { $0.last } ?? position
        // Most facts are of the line and of holds. A commit for each batch of them would stand in the journal's way.
        let isKept = news.contains { !$0.1.isEmpty } || last - kept >= OrderRelay.passedOverMax
        if isKept {
            try await bus.publish(try await cloudEvents(news, handle, engine))
            try await keep(last, fold, of: event)
        }
        state.withLock { state in
            // It may have left and come back meanwhile, told further by another node.
            guard state.heads[event] != nil, state.told[event]?.reached == told?.reached else { return }
            state.told[event] = Told(reached: last, kept: isKept ? last : kept)
        }
    }

    private func keep(_ last: UInt64, _ fold: NewsFold, of event: String) async throws {
        try await tables.write { session in
            guard try RelayTables.move(event, to: last, in: session) else { return }
            for order in fold.changed {
                guard let past = fold.pasts[order] else { continue }
                try RelayTables.put(past, of: order, in: event, in: session)
            }
        }
    }

    private func cloudEvents(
        _ news: [(Timestamp, [OrderNews])], _ event: EventHandle, _ engine: Engine
    ) async throws -> [CloudEvent] {
        let numbers = Set(news.flatMap { $0.1.map(\.order) })
        guard !numbers.isEmpty else { return [] }
        let orders = try await engine.read(event) { partition in
            Dictionary(
                uniqueKeysWithValues: numbers.compactMap { number in
                    partition.sale.order(number).map { (number, $0) }
                })
        }
        let view = event.view
        return try news.flatMap { time, news in
            try news.compactMap { news in
                guard let order = orders[news.order] else {
                    // The state is behind the journal only for a moment: this node has lost the event.
                    throw BusError(.unavailable, "order \(news.order.serial) of \(event.id) isn't known here")
                }
                return try messages.event(news, of: order, in: view, at: time)
            }
        }
    }

    private struct Row: Sendable {
        let first: UInt64
        let last: UInt64
        let time: Timestamp
        let facts: [Fact]
    }

    private struct Enough: Error {}

    private static func rows(of event: String, after position: UInt64, in journal: any EventStore) throws -> [Row] {
        var rows: [Row] = []
        var bytes = 0
        do {
            try journal.read(partition: event, from: position + 1) { row in
                if rows.count >= rowsMax || bytes >= bytesMax { throw Enough() }
                bytes += row.payload.count
                let facts = try Fact.decode(payload: row.payload, plans: { try journal.document(digest: $0) })
                rows.append(Row(first: row.sequence, last: row.lastSequence, time: row.time, facts: facts))
            }
        } catch is Enough {}
        return rows
    }

    /// Runs blocking calls off the cooperative pool.
    private func reading<Value: Sendable>(
        _ body: @escaping @Sendable (any EventStore) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [journal] in continuation.resume(with: Result { try body(journal) }) }
        }
    }
}
