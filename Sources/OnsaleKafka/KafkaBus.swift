public import Logging
public import OnsaleBus
import Synchronization

/// The bus on Kafka, through librdkafka.
///
/// The producer is idempotent, and everything is confirmed by all replicas that are in sync. Threads of its own talk to
/// librdkafka: one that publishes, one for each member of a group, one that answers questions. A class because those must
/// be ended by ``close()``.
public final class KafkaBus: EventBus {
    private struct State {
        /// Topics that exist.
        var topics: Set<String> = []
        var members: [ObjectIdentifier: KafkaMembership] = [:]
        var isClosed = false
    }

    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let clerk: Clerk
    private let logger: Logger
    private let state = Mutex(State())

    /// Starts to connect.
    /// - Throws: ``BusError`` if librdkafka can't begin with this configuration.
    public init(_ configuration: KafkaConfiguration, logger: Logger) throws(BusError) {
        self.configuration = configuration
        self.logger = logger
        producer = try KafkaProducer(configuration, logger: logger)
        clerk = Clerk(configuration, logger: logger)
    }

    public func publish(_ events: [CloudEvent]) async throws {
        try await send(events.map { Parcel(topic: $0.type.topic.rawValue, message: $0.message) })
    }

    public func bury(_ letters: [DeadLetter]) async throws {
        try await send(letters.map(\.parcel))
    }

    public func join(_ group: String, topics: [Topic]) async throws -> any BusMembership {
        guard !group.isEmpty, group.utf8.count <= 249, group != Clerk.group, !topics.isEmpty else {
            throw BusError(.refused, "such a group can't be joined")
        }
        try await ensure(Set(topics.map(\.rawValue)))
        let member = KafkaMembership(group, topics: topics, configuration, logger: logger)
        let isClosed = state.withLock { state in
            if !state.isClosed { state.members[ObjectIdentifier(member)] = member }
            return state.isClosed
        }
        if isClosed {
            await member.leave()
            throw BusError.isClosed
        }
        return BusSeat(member) { [self] in state.withLock { $0.members[ObjectIdentifier(member)] = nil } }
    }

    public func lag(of groups: [String: [Topic]]) async throws -> [BusLag] {
        try await clerk.run { desk throws(BusError) in try desk.lag(of: groups) }
    }

    public func letters(limit: Int) async throws -> [DeadLetter] {
        try await clerk.run { desk throws(BusError) in try desk.letters(limit: limit) }.map(\.letter)
    }

    public func redrive(limit: Int) async throws -> Int {
        let buried = try await clerk.run { desk throws(BusError) in try desk.letters(limit: limit) }
        if buried.isEmpty { return 0 }
        try await send(buried.map { Parcel(topic: $0.letter.topic.rawValue, message: $0.letter.message) })
        var next: [Lane: Int64] = [:]
        for letter in buried { next[Lane(letter.letter.topic, letter.partition)] = letter.offset + 1 }
        let places = next.map { ($0.key.topic.dead, $0.key.number, $0.value) }
        try await clerk.run { desk throws(BusError) in try desk.note(places) }
        return buried.count
    }

    public func close() async {
        let members = state.withLock { state in
            state.isClosed = true
            defer { state.members = [:] }
            return Array(state.members.values)
        }
        await withDiscardingTaskGroup { group in
            for member in members { group.addTask { await member.leave() } }
            group.addTask { [producer] in await producer.stop() }
            group.addTask { [clerk] in await clerk.stop() }
        }
    }

    private func send(_ parcels: [Parcel]) async throws {
        try Task.checkCancellation()
        try await ensure(Set(parcels.map(\.topic)))
        try await producer.send(parcels)
    }

    /// Creates what doesn't exist; asked once for each topic.
    private func ensure(_ topics: Set<String>) async throws {
        let (isClosed, unknown) = state.withLock { ($0.isClosed, topics.subtracting($0.topics)) }
        if isClosed { throw BusError.isClosed }
        if unknown.isEmpty { return }
        try await clerk.run { desk throws(BusError) in try desk.ensure(unknown) }
        state.withLock { $0.topics.formUnion(unknown) }
    }
}

/// A membership that the bus forgets when it ends.
private struct BusSeat: BusMembership {
    private let member: KafkaMembership
    private let forget: @Sendable () -> Void

    init(_ member: KafkaMembership, forget: @escaping @Sendable () -> Void) {
        self.member = member
        self.forget = forget
    }

    func next(limit: Int, except paused: Set<Lane>, wait: Duration) async throws -> BusUpdate {
        try await member.next(limit: limit, except: paused, wait: wait)
    }

    func commit(_ offsets: [Lane: Int64]) async throws { try await member.commit(offsets) }

    func leave() async {
        await member.leave()
        forget()
    }
}
