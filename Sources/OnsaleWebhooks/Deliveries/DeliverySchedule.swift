/// When a delivery is tried again: after 5 s, 5 min, 30 min, 2 h, 5 h and then every 10 h, as long as that is within
/// three days of waiting. Each wait is up to a tenth longer, so that what failed together doesn't come back together.
///
/// What counts is how long a delivery was told to wait, not what clocks say, so that neither a clock that is set nor a
/// sender that was down takes an attempt away.
package enum DeliverySchedule {
    package static let horizonMilliseconds: Int64 = 3 * 86_400_000
    /// What an answer's `Retry-After` may ask for at most.
    package static let retryAfterSecondsMax: Int64 = 3600
    /// The pause after an attempt that wasn't one.
    package static let putBackMilliseconds: Int64 = 1000
    private static let stepSeconds: [Int64] = [5, 300, 1800, 7200, 18_000, 36_000]

    /// What becomes of a delivery after an attempt.
    /// - Parameters:
    ///   - attempts: how many had failed before this one.
    ///   - waited: how long it was told to wait before this one, in milliseconds.
    package static func settle(
        _ outcome: AttemptOutcome, attempts: Int, waited: Int64, using generator: inout some RandomNumberGenerator
    ) -> Settlement {
        switch outcome {
        case .delivered: return .delivered
        case .notTried: return .putBack(afterMilliseconds: putBackMilliseconds)
        case .gone: return .exhausted
        default: break
        }
        let wait = wait(
            attempts: attempts + 1, waited: waited, retryAfterSeconds: outcome.retryAfterSeconds, using: &generator)
        return wait.map { .again(afterMilliseconds: $0) } ?? .exhausted
    }

    /// The wait before the next attempt, in milliseconds; nil if there is none.
    /// - Parameters:
    ///   - attempts: how many have failed, at least one.
    ///   - waited: how long it has waited by this schedule so far, in milliseconds.
    ///   - retryAfterSeconds: what the answer asked for; it makes the wait longer, never shorter.
    static func wait(
        attempts: Int, waited: Int64, retryAfterSeconds: Int64?, using generator: inout some RandomNumberGenerator
    ) -> Int64? {
        precondition(attempts > 0 && waited >= 0)
        let step = stepSeconds[min(attempts, stepSeconds.count) - 1]
        let asked = min(max(0, retryAfterSeconds ?? 0), retryAfterSecondsMax)
        let milliseconds = max(step, asked) * 1000
        let wait = milliseconds + Int64.random(in: 0...milliseconds / 10, using: &generator)
        return waited + wait > horizonMilliseconds ? nil : wait
    }
}

/// What becomes of a delivery after an attempt.
package enum Settlement: Hashable, Sendable {
    case delivered
    /// It failed, and is tried again after so long.
    case again(afterMilliseconds: Int64)
    /// It is given up.
    case exhausted
    /// Nothing was tried: it stays as it was and is due after so long.
    case putBack(afterMilliseconds: Int64)
}
