import OnsaleEngine
import Synchronization

/// How long another node has answered nothing, though the registry says that it is well: the network between them is
/// cut, its port is closed, or it hangs.
final class PeerReach: Sendable {
    /// After so long without any answer a node's events are better off elsewhere.
    private static let patienceMilliseconds: Int64 = 2000

    private struct Silence {
        /// When the last question was asked that has been answered.
        var answeredAt: Int64 = .min
        /// The first question since that had no answer; nil if there is none.
        var since: Int64?
    }

    private let silences = Mutex<[String: Silence]>([:])

    func noteAnswer(of name: String, now: Int64 = SystemClock.uptimeMilliseconds()) {
        silences.withLock { $0[name] = Silence(answeredAt: now, since: nil) }
    }

    /// Notes that a node gave no answer.
    /// - Parameter since: when it was asked.
    /// - Returns: whether it has been silent for long enough to give it up.
    func isGivenUp(_ name: String, since: Int64, now: Int64 = SystemClock.uptimeMilliseconds()) -> Bool {
        silences.withLock { silences in
            var silence = silences[name] ?? Silence()
            // It has answered somebody else meanwhile, so this one was just unlucky.
            guard since > silence.answeredAt else { return false }
            silence.since = min(silence.since ?? since, since)
            silences[name] = silence
            return now - (silence.since ?? now) >= PeerReach.patienceMilliseconds
        }
    }
}
