import Foundation
public import OnsaleValues
import Synchronization

/// What was found when the system's clock was compared with the journal at a start.
public enum ClockFinding: Error, Sendable, Equatable {
    /// The system's clock is behind what was written last, by so many seconds: more than a clock is ever corrected by.
    case behindJournal(seconds: Int64)
    /// The system's clock says a time before this program was written.
    case impossible
}

/// The time of day: the system's clock as it was at the start, going on by the monotonic one.
///
/// A wall clock is set by people and by programs, forwards and back, now and then by hours. Everything that expires here
/// would follow it. So it is read once; from then on time passes as it does, and where the two differ, ours goes a
/// little faster or slower until they agree: an hour's spike of some minutes moves it by seconds. It never goes back, nor
/// stands still.
public final class SystemClock: WallClock {
    /// By how much ours may go faster or slower: a hundredth.
    private static let slewDivisor: Int64 = 100
    /// A difference that is told, in milliseconds.
    private static let jumpMilliseconds: Int64 = 2000
    /// How far the system's clock may be behind the journal at a start, in seconds.
    static let behindSecondsMax: Int64 = 600
    /// 2025-01-01T00:00:00Z.
    private static let earliest = Timestamp(milliseconds: 1_735_689_600_000)

    private struct State {
        /// What we last said, and at which monotonic moment, in milliseconds.
        var last: Int64
        var lastUptime: Int64
        /// Time of which the hundredth has not been used yet.
        var slewCredit: Int64 = 0
        /// The difference that was told last.
        var toldDrift: Int64 = 0
    }

    private let state: Mutex<State>
    private let wall: @Sendable () -> Int64
    private let uptime: @Sendable () -> Int64
    private let onJump: @Sendable (_ milliseconds: Int64) -> Void

    /// - Parameters:
    ///   - latest: when the journal was last written; time goes on from there if the system's clock is behind it.
    ///   - accepts: whether a clock that is far behind the journal is taken all the same.
    ///   - wall: the system's clock in milliseconds, and a monotonic one; for tests.
    ///   - onJump: told once when the system's clock and ours have come to differ by more than two seconds, and by how much.
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
            // Both are read under the lock, so that no thread's reading is older than the one before it.
            let uptime = self.uptime()
            let elapsed = max(0, uptime - state.lastUptime)
            // What is asked within a millisecond is answered alike, so that no part of one is lost.
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

    /// A difference is told when it is new: a clock that is being followed says nothing more.
    private func news(of drift: Int64, _ state: inout State) -> Int64? {
        if drift.magnitude <= SystemClock.jumpMilliseconds.magnitude {
            if state.toldDrift != 0 { state.toldDrift = 0 }
            return nil
        }
        let change = drift - state.toldDrift
        guard change.magnitude > SystemClock.jumpMilliseconds.magnitude else { return nil }
        defer { state.toldDrift = drift }
        // Following the clock makes the difference smaller, which is no news either.
        return state.toldDrift != 0 && change.signum() != drift.signum() && drift.signum() == state.toldDrift.signum()
            ? nil : drift
    }

    public static let wallMilliseconds: @Sendable () -> Int64 = {
        // The system's clock can be set to anything.
        Int64(max(0, min(Date().timeIntervalSince1970 * 1000, 4e15)))
    }

    /// Goes on while the machine sleeps.
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
