import OnsaleValues
import Synchronization

/// A token bucket per caller: a steady rate with a burst.
///
/// Memory is bounded: beyond `callersMax` callers, one who has been quiet makes room for the next.
final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: Int64
        /// Has asked since the hand last passed.
        var isYoung = false
    }

    private struct State {
        var buckets: [String: Bucket] = [:]
        /// Callers in order of arrival, as a ring for the hand to go round.
        var ring: [String] = []
        var hand = 0
    }

    /// A limit that was reached.
    struct Refusal: Sendable {
        let name: String
        let burst: Int
        let refillSeconds: Int
        let waitSeconds: Int

        /// The `RateLimit` and `RateLimit-Policy` fields. <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>
        var field: String { "\"\(name)\";r=0;t=\(waitSeconds)" }
        var policyField: String { "\"\(name)\";q=\(burst);w=\(refillSeconds)" }
    }

    private let name: String
    private let perSecond: Double
    private let burst: Double
    private let callersMax: Int
    private let state = Mutex(State())

    init(_ name: String, perSecond: Double, burst: Double, callersMax: Int = 100_000) {
        self.name = name
        self.perSecond = perSecond
        self.burst = burst
        self.callersMax = callersMax
    }

    /// Takes a token.
    /// - Parameter isTaken: false only checks that there is one.
    /// - Returns: nil if there was one, otherwise the limit that was reached.
    func take(_ caller: String, now: Timestamp, isTaken: Bool = true) -> Refusal? {
        state.withLock { state in
            var bucket = state.buckets[caller] ?? admit(caller, now, &state)
            let elapsed = Double(max(0, now.milliseconds - bucket.at)) / 1000
            bucket.tokens = min(burst, bucket.tokens + elapsed * perSecond)
            bucket.at = now.milliseconds
            let isAllowed = bucket.tokens >= 1
            if isAllowed, isTaken { bucket.tokens -= 1 }
            state.buckets[caller] = bucket
            // Spares the caller the next time the hand comes round.
            state.buckets[caller]?.isYoung = true
            guard !isAllowed else { return nil }
            return Refusal(
                name: name, burst: Int(burst), refillSeconds: Int((burst / perSecond).rounded(.up)),
                waitSeconds: max(1, Int(((1 - bucket.tokens) / perSecond).rounded(.up))))
        }
    }

    /// Makes room for a new caller: the hand skips everyone who has asked since its last round and evicts the first who
    /// hasn't (the clock algorithm).
    private func admit(_ caller: String, _ now: Timestamp, _ state: inout State) -> Bucket {
        let bucket = Bucket(tokens: burst, at: now.milliseconds)
        guard state.ring.count >= callersMax else {
            state.ring.append(caller)
            return bucket
        }
        while state.buckets[state.ring[state.hand]]?.isYoung ?? false {
            state.buckets[state.ring[state.hand]]?.isYoung = false
            state.hand = (state.hand + 1) % state.ring.count
        }
        state.buckets[state.ring[state.hand]] = nil
        state.ring[state.hand] = caller
        state.hand = (state.hand + 1) % state.ring.count
        return bucket
    }
}
