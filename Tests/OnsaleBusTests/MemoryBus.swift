import OnsaleBus
import Synchronization

/// A bus of one lane in memory, for the consumer's tests. It fails when it is told to.
final class MemoryBus: EventBus {
    struct State {
        var messages: [BusMessage] = []
        var committed: Int64 = 0
        var letters: [DeadLetter] = []
        var joins = 0
        /// How often somebody asked for messages without waiting for any.
        var hastes = 0
        /// How many of the next calls fail.
        var failures = 0
    }

    let state = Mutex(State())
    let lane = Lane(.orders, 0)

    func put(_ messages: [BusMessage]) { state.withLock { $0.messages += messages } }

    func publish(_ events: [CloudEvent]) async throws { put(events.map(\.message)) }

    func bury(_ letters: [DeadLetter]) async throws {
        try fail()
        state.withLock { $0.letters += letters }
    }

    func join(_ group: String, topics: [Topic]) async throws -> any BusMembership {
        try fail()
        return state.withLock { state in
            state.joins += 1
            return Member(bus: self, generation: state.joins, next: state.committed)
        }
    }

    func lag(of groups: [String: [Topic]]) async throws -> [BusLag] { [] }
    func letters(limit: Int) async throws -> [DeadLetter] { state.withLock { $0.letters } }
    func redrive(limit: Int) async throws -> Int { 0 }
    func close() async {}

    fileprivate func fail() throws {
        let fails = state.withLock { state in
            defer { state.failures = max(0, state.failures - 1) }
            return state.failures > 0
        }
        if fails { throw BusError(.unavailable, "nobody is there") }
    }

    final class Member: BusMembership {
        let bus: MemoryBus
        let generation: Int
        let next: Mutex<Int64>

        init(bus: MemoryBus, generation: Int, next: Int64) {
            self.bus = bus
            self.generation = generation
            self.next = Mutex(next)
        }

        func next(limit: Int, except paused: Set<Lane>, wait: Duration) async throws -> BusUpdate {
            try bus.fail()
            try Task.checkCancellation()
            if wait == .zero { bus.state.withLock { $0.hastes += 1 } }
            let position = next.withLock { $0 }
            let fresh = bus.state.withLock { state in
                paused.contains(bus.lane) ? [] : Array(state.messages.dropFirst(Int(position)).prefix(limit))
            }
            guard !fresh.isEmpty else {
                try await Task.sleep(for: min(wait, .milliseconds(2)))
                return BusUpdate()
            }
            next.withLock { $0 += Int64(fresh.count) }
            return BusUpdate(
                deliveries: fresh.enumerated().map { index, message in
                    Delivery(lane: bus.lane, offset: position + Int64(index), message: message)
                })
        }

        func commit(_ offsets: [Lane: Int64]) async throws {
            try bus.fail()
            bus.state.withLock { state in
                if state.joins == generation { state.committed = offsets[bus.lane] ?? state.committed }
            }
        }

        func leave() async {}
    }
}
