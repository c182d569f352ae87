import OnsaleEngine
import Synchronization

/// How long another node could not be reached, though the registry says that it is well: then the network between them
/// is cut, or its port is closed.
final class PeerReach: Sendable {
    /// After so long without a connection a node's events are better off elsewhere.
    private static let patienceMilliseconds: Int64 = 2000
    /// Failures further apart than this have nothing to do with each other.
    private static let gapMilliseconds: Int64 = 1000

    private struct Failure {
        var since: Int64
        var last: Int64
    }

    private let failures = Mutex<[String: Failure]>([:])

    /// Notes that a node was not reached.
    /// - Returns: whether that has been so for long enough to give it up.
    func isGivenUp(_ name: String, now: Int64 = SystemClock.uptimeMilliseconds()) -> Bool {
        failures.withLock { failures in
            var failure = failures[name] ?? Failure(since: now, last: now)
            if now - failure.last > PeerReach.gapMilliseconds { failure.since = now }
            failure.last = now
            failures[name] = failure
            return now - failure.since >= PeerReach.patienceMilliseconds
        }
    }
}
