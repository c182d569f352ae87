/// For how long an endpoint has failed without a success in between, and until when it is left alone.
package struct EndpointHealth: Hashable, Sendable {
    /// After so many failures in a row an endpoint counts as failing and is tried with one delivery at a time.
    package static let failuresUntilFailing = 3
    /// An endpoint that fails for so long, without one success, is switched off.
    package static let failingMillisecondsMax: Int64 = 3 * 86_400_000
    /// How much of the time between two failures counts: while this program is down, nothing is tried.
    package static let gapMillisecondsMax: Int64 = 12 * 3_600_000
    /// The longest pause for an endpoint that fails and asks for none.
    package static let pauseMillisecondsMax: Int64 = 60_000
    private static let failuresMax = 1_000_000

    /// Failures since the last success.
    package private(set) var failures: Int
    package private(set) var failingMilliseconds: Int64
    /// When the last failure was, in milliseconds since 1970.
    package private(set) var failedAt: Int64?
    /// Nothing is sent before, in milliseconds since 1970.
    package private(set) var pausedUntil: Int64

    package init(failures: Int = 0, failingMilliseconds: Int64 = 0, failedAt: Int64? = nil, pausedUntil: Int64 = 0) {
        self.failures = failures
        self.failingMilliseconds = failingMilliseconds
        self.failedAt = failedAt
        self.pausedUntil = pausedUntil
    }

    package var isFailing: Bool { failures >= EndpointHealth.failuresUntilFailing }

    /// How it is after an attempt.
    package func after(_ outcome: AttemptOutcome, at now: Int64) -> EndpointHealth {
        switch outcome {
        case .notTried: return self
        case .delivered: return EndpointHealth()
        default: break
        }
        var next = self
        if let failedAt {
            next.failingMilliseconds += min(max(0, now - failedAt), EndpointHealth.gapMillisecondsMax)
        }
        next.failures = min(failures + 1, EndpointHealth.failuresMax)
        next.failedAt = now
        var pause = outcome.retryAfterSeconds.map { min(max(0, $0), DeliverySchedule.retryAfterSecondsMax) * 1000 } ?? 0
        if next.isFailing {
            let doublings = min(next.failures - EndpointHealth.failuresUntilFailing, 10)
            pause = max(pause, min(1000 << Int64(doublings), EndpointHealth.pauseMillisecondsMax))
        }
        next.pausedUntil = max(pausedUntil, now + pause)
        return next
    }

    /// Whether to switch the endpoint off after an attempt that led to this.
    package func switchOff(after outcome: AttemptOutcome) -> SwitchOff? {
        if outcome == .gone { return .gone }
        return failingMilliseconds >= EndpointHealth.failingMillisecondsMax ? .failing : nil
    }
}
