public import OnsaleValues
import Foundation
import Synchronization

/// Where the engine learns what time it is.
public protocol WallClock: Sendable {
    func now() -> Timestamp
}

/// The system's clock, made monotonic: it never goes back, and a jump is told once.
public final class SystemClock: WallClock {
    private struct State {
        var last = Timestamp(milliseconds: .min)
        var lastUptimeNanoseconds: UInt64 = 0
    }

    private let state = Mutex(State())
    private let onJump: @Sendable (_ milliseconds: Int64) -> Void

    /// - Parameter onJump: told when the wall clock has moved by over two seconds more or less than time has passed.
    public init(onJump: @escaping @Sendable (_ milliseconds: Int64) -> Void = { _ in }) {
        self.onJump = onJump
    }

    public func now() -> Timestamp {
        let (now, jump) = state.withLock { state -> (Timestamp, Int64) in
            // Both are read under the lock, so that no thread's reading is older than the one before it.
            let wall = Int64(Date().timeIntervalSince1970 * 1000)
            let uptime = DispatchTime.now().uptimeNanoseconds
            defer { state.lastUptimeNanoseconds = uptime }
            guard state.lastUptimeNanoseconds != 0 else {
                state.last = Timestamp(milliseconds: wall)
                return (state.last, 0)
            }
            let elapsed = Int64((max(uptime, state.lastUptimeNanoseconds) - state.lastUptimeNanoseconds) / 1_000_000)
            let drift = wall - (state.last.milliseconds + elapsed)
            let jump = abs(drift) > 2000 ? drift : 0
            // A clock set back is waited out: time stands still rather than go back.
            state.last = Timestamp(milliseconds: max(state.last.milliseconds, wall))
            return (state.last, jump)
        }
        if jump != 0 { onJump(jump) }
        return now
    }
}
