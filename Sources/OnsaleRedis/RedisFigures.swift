/// What a client has done since its start.
package struct RedisFigures: Sendable, Equatable {
    /// Commands taken.
    package var commands = 0
    /// Commands that failed, whether taken or not; the following are parts of it. One that was late and whose
    /// connection was lost later counts twice.
    package var failures = 0
    /// Refused because there was no connection.
    package var away = 0
    /// Refused because too many waited already.
    package var full = 0
    /// Without an answer in time.
    package var late = 0
    /// Answered with an error, such as `OOM`.
    package var refused = 0
    /// Connections made after the first.
    package var reconnects = 0
    /// Commands that wait or are under way now, and their bytes.
    package var queue = 0
    package var queueBytes = 0

    mutating func count(_ failure: RedisFailure) {
        failures += 1
        switch failure {
        case .away: away += 1
        case .full: full += 1
        case .late: late += 1
        case .refused: refused += 1
        default: break
        }
    }
}
