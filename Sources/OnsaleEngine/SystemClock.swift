import Foundation
public import OnsaleValues
import Synchronization

/// Why the system clock can't be used at the start.
public enum ClockFinding: Error, Sendable, Equatable {
    /// The system clock is this many seconds behind the journal's newest row: more than any clock correction.
    case behindJournal(seconds: Int64)
    /// The system clock shows a time before this program was written.
    case impossible
}

/// The time of day: starts from the system clock and advances with the monotonic clock.
///
/// People and programs set the system clock forward and back, sometimes by hours, and everything that expires here
/// would jump with it. So this clock starts from it once and then advances monotonically. While the two differ, it runs
/// slightly faster or slower until they agree; a system clock that is wrong by minutes for an hour moves it only by
/// seconds. It never goes back or stands still.
public final class SystemClock: WallClock {
    /// This clock runs at most one part in this many faster or slower: one percent.
    private static let slewDivisor: Int64 = 100
    /// A difference beyond this is reported, in milliseconds.
    private static let jumpMilliseconds: Int64 = 2000
    /// How far the system clock may be behind the journal at the start, in seconds.
    static let behindSecondsMax: Int64 = 600
    /// 2025-01-01T00:00:00Z.
    private static let earliest = Timestamp(milliseconds: 1_735_689_600_000)

    private struct State {
        /// The time last returned, in milliseconds; `lastUptime` is the monotonic time of that moment.
        var last: Int64
        var lastUptime: Int64
        /// Elapsed milliseconds that have not yet been used for slewing.
        var slewCredit: Int64 = 0
        /// The difference last reported.
        var toldDrift: Int64 = 0
    }

    private let state: Mutex<State>
    private let wall: @Sendable () -> Int64
    private let uptime: @Sendable () -> Int64
    private let onJump: @Sendable (_ milliseconds: Int64) -> Void

    /// - Parameters:
    ///   - latest: the time of the journal's newest row; time continues from there if the system clock is behind it.
    ///   - accepts: whether to accept a system clock that ``ClockFinding`` would reject.
    ///   - wall: the system clock in milliseconds; tests replace it.
    ///   - uptime: a monotonic clock in milliseconds; tests replace it.
    ///   - onJump: called once when the two clocks come to differ by more than two seconds, with the difference.
    /// - Throws: ``ClockFinding``.
    public init(
        after latest: Timestamp? = nil, accepts: Bool = false,
        wall: @escaping @Sendable () -> Int64 = SystemClock.wallMilliseconds,
        uptime: @escaping @Sendable () -> Int64 = SystemClock.uptimeMilliseconds,
        onJump: @escaping @Sendable (_ milliseconds: Int64) -> Void = { _ in }
    ) throws(ClockFinding) {
        let now = Timestamp(milliseconds: wall())
        guard now >= SystemClock.earliest || accepts else { throw .impossible }
        let start = max(now, latest ?? now)
        let behind = (start.milliseconds - now.milliseconds) / 1000
        guard behind <= SystemClock.behindSecondsMax || accepts else { throw .behindJournal(seconds: behind) }
        state = Mutex(
            State(last: start.milliseconds, lastUptime: uptime(), toldDrift: start.milliseconds - now.milliseconds))
        self.wall = wall
        self.uptime = uptime
        self.onJump = onJump
    }

    public func now() -> Timestamp {
        let (now, jump) = state.withLock { state -> (Int64, Int64?) in
            // Read both under the lock, so no thread's reading is older than the previous one.
            let uptime = self.uptime()
            let elapsed = max(0, uptime - state.lastUptime)
            // Within the same millisecond the answer doesn't change, so no fraction of one is lost.
            guard elapsed > 0 else { return (state.last, nil) }
            let drift = wall() - (state.last + elapsed)
            state.slewCredit += elapsed
            let step = min(Int64(clamping: drift.magnitude), state.slewCredit / SystemClock.slewDivisor)
            state.slewCredit %= SystemClock.slewDivisor
            state.last += elapsed + drift.signum() * step
            state.lastUptime = uptime
            return (state.last, news(of: drift, &state))
        }
        if let jump { onJump(jump) }
        return Timestamp(milliseconds: now)
    }

    /// Reports a difference only if it is new; while the clocks converge there is nothing more to say.
    private func news(of drift: Int64, _ state: inout State) -> Int64? {
        if drift.magnitude <= SystemClock.jumpMilliseconds.magnitude {
            if state.toldDrift != 0 { state.toldDrift = 0 }
            return nil
        }
        let change = drift - state.toldDrift
        guard change.magnitude > SystemClock.jumpMilliseconds.magnitude else { return nil }
        defer { state.toldDrift = drift }
        // Converging makes the difference smaller, which isn't news either.
        return state.toldDrift != 0 && change.signum() != drift.signum() && drift.signum() == state.toldDrift.signum()
            ? nil : drift
    }

    /// The system clock, in milliseconds since 1970-01-01T00:00:00Z.
    public static let wallMilliseconds: @Sendable () -> Int64 = {
        // The system clock can be set to anything, even beyond what fits.
        Int64(max(0, min(Date().timeIntervalSince1970 * 1000, 4e15)))
    }

    /// A monotonic clock in milliseconds that keeps running while the machine sleeps.
    public static let uptimeMilliseconds: @Sendable () -> Int64 = {
        var time = timespec()
        #if os(Linux)
            clock_gettime(CLOCK_BOOTTIME, &time)
        #else
            clock_gettime(CLOCK_MONOTONIC, &time)
        #endif
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
