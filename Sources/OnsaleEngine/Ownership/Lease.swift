import OnsaleOwnership
import Synchronization

/// Until when this node may believe that it still owns its events: some time after it last heard from the registry. A
/// process that was stopped finds it run out, and looks before it acts. Facts are safe without it, since a deposed
/// owner's row collides; it keeps stale answers and calls to the payment provider back.
package final class Lease: Sendable {
    private let until: Atomic<Int64>

    package init(until: Int64 = .min) {
        self.until = Atomic(until)
    }

    /// - Parameter now: milliseconds of this process's monotonic clock.
    package func isValid(at now: Int64) -> Bool {
        now <= until.load(ordering: .acquiring)
    }

    /// The registry was asked at this moment, and has answered.
    func extend(from now: Int64) {
        until.store(now + Neighbourhood.silenceMilliseconds, ordering: .releasing)
    }
}
