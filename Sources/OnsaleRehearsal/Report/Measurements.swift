import Foundation
import Histogram
import Synchronization

/// What the crowd experienced: latencies by operation, and what happened in each second.
final class Measurements: Sendable {
    /// The first seconds of an onsale are reported separately.
    static let openingSeconds = 10

    struct Second: Sendable {
        var requests = 0
        var refused = 0
        var failed = 0
        var sold = 0
        var latency = Histogram<UInt32>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .two)
    }

    struct Totals: Sendable {
        var count = 0
        var refused = 0
        var failed = 0
        var unanswered = 0
        /// Tries that were repeated, and so are none of the above.
        var repeated = 0
        var opening = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
        var steady = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
    }

    struct State: Sendable {
        /// When the sale opens.
        var openingSecond = 0
        var operations: [Operation: Totals] = [:]
        var seconds: [Second] = []
        var all = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
        var recent = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .two)
        var sold = 0
        var requests = 0
        var errors = 0
        var repeated = 0
        var isOver = false
    }

    private let state: Mutex<State>
    private let start = ContinuousClock.now
    private let openingSecond: Int

    /// - Parameter openingSecond: when the sale opens, in seconds from now.
    init(openingSecond: Int = 0) {
        self.openingSecond = openingSecond
        state = Mutex(State(openingSecond: openingSecond))
    }

    var elapsedSeconds: Double {
        let elapsed = ContinuousClock.now - start
        return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    }

    func record(_ operation: Operation, _ latency: Duration, status: Int) {
        let microseconds = UInt64(
            max(1, latency.components.seconds * 1_000_000 + latency.components.attoseconds / 1_000_000_000_000))
        let second = Int(elapsedSeconds)
        let isOpening = second >= openingSecond && second < openingSecond + Measurements.openingSeconds
        state.withLock { state in
            guard !state.isOver else { return }
            let isRefused = (400..<500).contains(status)
            let isFailed = status >= 500
            var totals = state.operations[operation] ?? Totals()
            totals.count += 1
            totals.refused += isRefused ? 1 : 0
            totals.failed += isFailed ? 1 : 0
            // Orders wait on purpose; only their acceptance would say something about the server.
            if isOpening {
                _ = totals.opening.record(microseconds)
            } else {
                _ = totals.steady.record(microseconds)
            }
            state.operations[operation] = totals
            state.requests += 1
            state.errors += isFailed ? 1 : 0
            state.reach(second)
            state.seconds[second].requests += 1
            state.seconds[second].refused += isRefused ? 1 : 0
            state.seconds[second].failed += isFailed ? 1 : 0
            guard operation != .order else { return }
            _ = state.seconds[second].latency.record(microseconds)
            _ = state.all.record(microseconds)
            _ = state.recent.record(microseconds)
        }
    }

    func recordUnanswered(_ operation: Operation) {
        let second = Int(elapsedSeconds)
        state.withLock { state in
            guard !state.isOver else { return }
            state.operations[operation, default: Totals()].unanswered += 1
            state.errors += 1
            state.reach(second)
            state.seconds[second].failed += 1
        }
    }

    /// A try without an answer, which is being repeated by itself: nobody has noticed.
    func recordRepeated(_ operation: Operation) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.operations[operation, default: Totals()].repeated += 1
            state.repeated += 1
        }
    }

    func recordSold(_ tickets: Int) {
        let second = Int(elapsedSeconds)
        state.withLock { state in
            guard !state.isOver else { return }
            state.sold += tickets
            state.reach(second)
            state.seconds[second].sold += tickets
        }
    }

    /// Stops measuring: the checks that follow aren't the crowd's.
    func end() {
        state.withLock { $0.isOver = true }
    }

    func snapshot() -> State {
        state.withLock { $0 }
    }

    /// The state so far; `recent` has the latencies since the last call.
    func takeRecent() -> State {
        state.withLock { state in
            let copy = state
            state.recent.reset()
            return copy
        }
    }
}

extension Measurements.State {
    fileprivate mutating func reach(_ second: Int) {
        while seconds.count <= second { seconds.append(.init()) }
    }
}
