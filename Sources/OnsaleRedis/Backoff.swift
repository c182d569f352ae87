/// How long to wait before the next attempt to connect: doubled each time, with a random part taken off so that nodes
/// don't come back together. It starts anew after a connection that has lasted.
struct Backoff {
    private static let lastedMilliseconds: Int64 = 5_000

    private let first: Int64
    private let most: Int64
    private var next: Int64

    init(_ limits: RedisLimits) {
        first = limits.pauseMilliseconds
        most = limits.pauseMillisecondsMax
        next = first
    }

    mutating func lasted(milliseconds: Int64) {
        if milliseconds >= Backoff.lastedMilliseconds { next = first }
    }

    mutating func pause(using generator: inout some RandomNumberGenerator) -> Int64 {
        defer { next = min(most, next * 2) }
        return Int64.random(in: next / 2...max(1, next), using: &generator)
    }
}
