import OnsaleValues
import Synchronization

/// A token bucket for each of many callers: so many requests a second, with a burst.
///
/// Bounded: buckets that are full again are forgotten, and when there are too many all are, which errs on the side of
/// the callers.
final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: Int64
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
    private let buckets = Mutex<[String: Bucket]>([:])

    init(_ name: String, perSecond: Double, burst: Double, callersMax: Int = 100_000) {
        self.name = name
        self.perSecond = perSecond
        self.burst = burst
        self.callersMax = callersMax
    }

    /// Takes a token.
    /// - Returns: nil if there was one, else what was reached.
    func take(_ caller: String, now: Timestamp) -> Refusal? {
        buckets.withLock { buckets in
            var bucket = buckets[caller] ?? Bucket(tokens: burst, at: now.milliseconds)
            let elapsed = Double(max(0, now.milliseconds - bucket.at)) / 1000
            bucket.tokens = min(burst, bucket.tokens + elapsed * perSecond)
            bucket.at = now.milliseconds
            let isAllowed = bucket.tokens >= 1
            if isAllowed { bucket.tokens -= 1 }
            if buckets.count >= callersMax, buckets[caller] == nil { forgetFull(&buckets, now) }
            buckets[caller] = bucket
            guard !isAllowed else { return nil }
            return Refusal(
                name: name, burst: Int(burst), refillSeconds: Int((burst / perSecond).rounded(.up)),
                waitSeconds: max(1, Int(((1 - bucket.tokens) / perSecond).rounded(.up))))
        }
    }

    private func forgetFull(_ buckets: inout [String: Bucket], _ now: Timestamp) {
        buckets = buckets.filter { _, bucket in
            bucket.tokens + Double(now.milliseconds - bucket.at) / 1000 * perSecond < burst
        }
        if buckets.count >= callersMax { buckets.removeAll() }
    }
}
