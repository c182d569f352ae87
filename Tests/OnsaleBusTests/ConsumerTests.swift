import Logging
import OnsaleBus
import OnsaleValues
import Seeded
import Synchronization
import Testing

@Suite("A consumer between the bus and its service")
struct ConsumerTests {
    /// A service with a store: what it has handled, in order, each once.
    private final class Service: EventHandler {
        struct State {
            var handled: [String] = []
            var identities: Set<String> = []
            /// How often an event fails before it is handled; by ID.
            var failing: [String: Int] = [:]
            var refused: Set<String> = []
            /// How many more calls its tables are away for.
            var absences = 0
        }

        struct Failure: Error {}

        let state: Mutex<State>
        let failure: any Error

        init(failing: [String: Int] = [:], refused: Set<String> = [], failure: any Error = Failure()) {
            self.failure = failure
            state = Mutex(State(failing: failing, refused: refused))
        }

        func check() async throws { try state.withLock { if $0.absences > 0 { throw Failure() } } }

        func handle(_ events: [CloudEvent]) async throws {
            try state.withLock { state in
                if state.absences > 0 {
                    state.absences -= 1
                    throw Failure()
                }
                for event in events {
                    if state.refused.contains(event.id) { throw Unacceptable("nobody wants it") }
                    if let times = state.failing[event.id], times > 0 {
                        state.failing[event.id] = times - 1
                        throw failure
                    }
                }
                for event in events where state.identities.insert(event.identity).inserted {
                    state.handled.append(event.id)
                }
            }
        }
    }

    private static func event(_ key: String, _ number: Int) -> CloudEvent {
        CloudEvent(
            id: "\(key)/\(number)", type: .orderConfirmed, subject: "ord_1", time: Timestamp(milliseconds: 0), key: key,
            data: Array("{}".utf8))
    }

    /// Runs a consumer until the bus has been read to its end.
    private func consume(
        _ bus: MemoryBus, _ service: Service,
        patience: DeliveryWindow.Patience = .init(attemptsMax: 4, firstMilliseconds: 1, longestMilliseconds: 4)
    ) async throws {
        let consumer = Consumer(
            "mail", of: [.orders], on: bus, handler: service,
            patience: patience,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { await consumer.run() }
        for _ in 0..<20_000 {
            if bus.state.withLock({ $0.committed == Int64($0.messages.count) }) { break }
            try await Task.sleep(for: .milliseconds(1))
        }
        task.cancel()
        await task.value
        #expect(bus.state.withLock { $0.committed == Int64($0.messages.count) })
    }

    @Test("One that fails is tried again in its key's order, and others don't wait for it")
    func keyWaits() async throws {
        let bus = MemoryBus()
        try await bus.publish([Self.event("a", 1), Self.event("a", 2), Self.event("b", 1), Self.event("b", 2)])
        let service = Service(failing: ["a/1": 3])
        try await consume(bus, service)
        let handled = service.state.withLock { $0.handled }
        #expect(handled == ["b/1", "b/2", "a/1", "a/2"])
        #expect(bus.state.withLock { $0.letters.isEmpty })
    }

    @Test("While a key waits, with others behind it, the consumer waits too")
    func noIdleLoop() async throws {
        let bus = MemoryBus()
        try await bus.publish((1...50).map { Self.event("a", $0) })
        let service = Service(failing: ["a/1": 3])
        try await consume(
            bus, service, patience: .init(attemptsMax: 4, firstMilliseconds: 400, longestMilliseconds: 400))
        #expect(service.state.withLock { $0.handled.count } == 50)
        #expect(bus.state.withLock { $0.hastes } < 10)
    }

    @Test("A handler's cancelled call is a failure like others, unless the consumer itself is cancelled")
    func strayCancellation() async throws {
        let bus = MemoryBus()
        try await bus.publish([Self.event("a", 1), Self.event("a", 2)])
        let service = Service(failing: ["a/1": 3], failure: CancellationError())
        try await consume(bus, service)
        #expect(service.state.withLock { $0.handled } == ["a/1", "a/2"])
    }

    @Test("What is refused, unreadable or fails too often goes to the dead letters, and its key goes on")
    func deadLetters() async throws {
        let bus = MemoryBus()
        try await bus.publish([Self.event("a", 1), Self.event("a", 2), Self.event("a", 3)])
        bus.put([BusMessage(key: "a", headers: [], data: [])])
        try await bus.publish([Self.event("a", 4)])
        let service = Service(failing: ["a/2": 99], refused: ["a/1"])
        try await consume(bus, service)
        #expect(service.state.withLock { $0.handled } == ["a/3", "a/4"])
        let letters = bus.state.withLock { $0.letters }
        #expect(letters.map(\.message.headers.count) == [8, 8, 0])
        #expect(letters.map(\.reason).first == "nobody wants it")
        #expect(letters.last?.reason == "The message has no header ce_specversion")
        #expect(letters.allSatisfy { $0.group == "mail" && $0.topic == .orders })
    }

    @Test("Tables that are away are no event's fault: none is given up, however long it takes")
    func tablesAway() async throws {
        let bus = MemoryBus()
        try await bus.publish([Self.event("a", 1), Self.event("b", 1), Self.event("a", 2)])
        let service = Service()
        service.state.withLock { $0.absences = 40 }
        try await consume(bus, service)
        #expect(Set(service.state.withLock { $0.handled }) == ["a/1", "b/1", "a/2"])
        #expect(bus.state.withLock { $0.letters.isEmpty })
    }

    @Test("Through a bus that fails, every event has its effect once, in its key's order", arguments: 0..<20)
    func failingBus(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let bus = MemoryBus()
        var counts: [String: Int] = [:]
        var failing: [String: Int] = [:]
        for _ in 0..<600 {
            let key = "k\(Int.random(in: 0..<5, using: &random))"
            counts[key, default: 0] += 1
            let event = Self.event(key, counts[key] ?? 0)
            if random.happens(0.02) { failing[event.id] = Int.random(in: 1...3, using: &random) }
            try await bus.publish([event])
        }
        bus.state.withLock { $0.failures = Int.random(in: 0...2, using: &random) }
        let service = Service(failing: failing)
        let trouble = Task {
            for _ in 0..<5 {
                try? await Task.sleep(for: .milliseconds(3))
                bus.state.withLock { $0.failures += 1 }
            }
        }
        try await consume(bus, service)
        await trouble.value
        let handled = service.state.withLock { $0.handled }
        for (key, count) in counts {
            #expect(handled.filter { $0.hasPrefix(key + "/") } == (1...count).map { "\(key)/\($0)" })
        }
        #expect(bus.state.withLock { $0.letters.isEmpty })
    }
}
