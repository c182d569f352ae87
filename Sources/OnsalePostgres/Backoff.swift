/// How long to wait before the next attempt: twice as long after each failure, and never the same for all, so that nodes
/// don't come back in step.
package struct Backoff: Sendable {
    private var milliseconds: Int64 = Backoff.first
    private static let first: Int64 = 25
    private static let longest: Int64 = 1000

    package init() {}

    /// The wait after one more failure.
    package mutating func next() -> Duration {
        defer { milliseconds = min(2 * milliseconds, Backoff.longest) }
        return .milliseconds(Int64.random(in: milliseconds / 2...milliseconds))
    }

    /// After a success.
    package mutating func reset() {
        milliseconds = Backoff.first
    }
}
