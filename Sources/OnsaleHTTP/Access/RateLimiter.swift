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

    private let perSecond: Double
    private let burst: Double
    private let callersMax: Int
    private let buckets = Mutex<[String: Bucket]>([:])

    init(perSecond: Double, burst: Double, callersMax: Int = 100_000) {
        self.perSecond = perSecond
        self.burst = burst
        self.callersMax = callersMax
    }

    /// Takes a token.
    /// - Returns: nil if there was one, else the seconds until there will be.
    func take(_ caller: String, now: Timestamp) -> Int? {
        buckets.withLock { buckets in
            var bucket = buckets[caller] ?? Bucket(tokens: burst, at: now.milliseconds)
            let elapsed = Double(max(0, now.milliseconds - bucket.at)) / 1000
            bucket.tokens = min(burst, bucket.tokens + elapsed * perSecond)
            bucket.at = now.milliseconds
            let isAllowed = bucket.tokens >= 1
            if isAllowed { bucket.tokens -= 1 }
            if buckets.count >= callersMax, buckets[caller] == nil { forgetFull(&buckets, now) }
            buckets[caller] = bucket
            return isAllowed ? nil : max(1, Int(((1 - bucket.tokens) / perSecond).rounded(.up)))
        }
    }

    private func forgetFull(_ buckets: inout [String: Bucket], _ now: Timestamp) {
        buckets = buckets.filter { _, bucket in
            bucket.tokens + Double(now.milliseconds - bucket.at) / 1000 * perSecond < burst
        }
        if buckets.count >= callersMax { buckets.removeAll() }
    }
}
