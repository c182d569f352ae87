/// How an ``EligibilityDesk`` works.
public struct EligibilitySettings: Hashable, Sendable {
    /// What becomes of an order that nobody answered about in time.
    public enum Unanswered: String, CaseIterable, Hashable, Sendable, Codable {
        /// It stays, and its reason says that it wasn't checked: an endpoint that is down must not send an arena home.
        case grant
        case refuse
    }

    public var unanswered: Unanswered
    /// How long a call may take.
    public var callMilliseconds: Int64
    /// How long after a failed call the next one is made: the first time, and at most. It doubles in between.
    public var retryMilliseconds: Int64
    public var retryMillisecondsMax: Int64
    /// The most calls at once, to one endpoint and to all.
    public var callsPerEndpointMax: Int
    public var callsMax: Int
    /// The most orders at the desk; the rest wait in the store.
    public var openMax: Int

    public init(
        unanswered: Unanswered = .grant, callMilliseconds: Int64 = 10_000, retryMilliseconds: Int64 = 1000,
        retryMillisecondsMax: Int64 = 300_000, callsPerEndpointMax: Int = 8, callsMax: Int = 64, openMax: Int = 10_000
    ) {
        precondition(
            callMilliseconds > 0 && retryMilliseconds > 0 && retryMillisecondsMax >= retryMilliseconds
                && callsPerEndpointMax > 0 && callsMax > 0 && openMax > 0, "a desk has room and time")
        self.unanswered = unanswered
        self.callMilliseconds = callMilliseconds
        self.retryMilliseconds = retryMilliseconds
        self.retryMillisecondsMax = retryMillisecondsMax
        self.callsPerEndpointMax = callsPerEndpointMax
        self.callsMax = callsMax
        self.openMax = openMax
    }

    /// How long to wait after so many calls failed.
    func pauseMilliseconds(after failures: Int) -> Int64 {
        let doublings = min(max(0, failures - 1), 30)
        let (pause, isOverflow) = retryMilliseconds.multipliedReportingOverflow(by: 1 << doublings)
        return isOverflow ? retryMillisecondsMax : min(pause, retryMillisecondsMax)
    }
}
