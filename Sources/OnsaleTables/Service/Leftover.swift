import Foundation
import Synchronization

/// Processor time that nobody else wants, for work that is late anyway.
///
/// What stands back (``Precedence``) still slows what goes first: Linux moves a thread that waits to another processor
/// when that one is idle, and one where something stands back never is. So late work pauses while others want the
/// processors: it gives way until some time is left over, and goes on at full speed once there is. What is not late
/// doesn't pause, but where it comes together with what is; what has a deadline never does.
package final class Leftover: Sendable {
    /// Of this machine.
    package static let shared = Leftover()

    /// What has waited for longer is late.
    private static let lateMilliseconds: Int64 = 10_000

    /// What has waited since before this is late, in milliseconds since 1970.
    package static func lateBefore(at now: Int64) -> Int64 { now - lateMilliseconds }

    /// Long enough for the system's ticks of 10 ms to say something.
    private static let lookEvery = Duration.milliseconds(250)
    /// Less than the time after which whoever says nothing counts as dead.
    private static let pauseMax = Duration.seconds(4)

    private struct State {
        var share = LeftoverShare()
        var last: ProcessorTimes?
        var lookAt = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let times: @Sendable () -> ProcessorTimes?

    /// - Parameter times: what the processors have done since the machine began; nil where that isn't known.
    init(times: @escaping @Sendable () -> ProcessorTimes? = ProcessorTimes.ofThisMachine) { self.times = times }

    /// How long to pause after late work that took so long; zero while processors are left over.
    package func pause(after work: Duration) -> Duration {
        let now = ContinuousClock.now
        let share = state.withLock { state in
            guard state.lookAt <= now else { return state.share.value }
            state.lookAt = now + Leftover.lookEvery
            let times = times()
            if let times, let last = state.last { state.share.take(times, since: last) }
            state.last = times
            return state.share.value
        }
        guard share < 1 else { return .zero }
        return min(Leftover.pauseMax, work * ((1 - share) / share))
    }
}

/// How much of the processors late work takes. Pure.
///
/// Halved while nothing is left over, raised while much is, and quickly once others want little. Whoever was displaced can't be seen, but takes what is given
/// up: then nothing is left over still.
struct LeftoverShare: Hashable, Sendable {
    static let least = 0.01
    /// As long as others take less, there is no need to give way.
    private static let busy = 0.5
    private static let scarce = 0.08
    private static let plenty = 0.15

    /// Of the processors, from ``least`` to 1.
    private(set) var value = 1.0

    mutating func take(_ times: ProcessorTimes, since last: ProcessorTimes) {
        let idle = Double(times.idle &- last.idle)
        let others = Double(times.others &- last.others)
        let all = idle + others + Double(times.standingBack &- last.standingBack)
        // Clocks that were set back, or two looks in one tick.
        guard all > 0, idle >= 0, others >= 0 else { return }
        if others / all < LeftoverShare.busy {
            value = min(1, value * 4)
        } else if idle / all < LeftoverShare.scarce {
            value = max(LeftoverShare.least, value / 2)
        } else if idle / all > LeftoverShare.plenty {
            value = min(1, value * 1.5)
        }
    }
}

/// What all processors have done since the machine began, in ticks.
struct ProcessorTimes: Hashable, Sendable {
    var idle: Int64
    /// For threads that stand back.
    var standingBack: Int64
    var others: Int64

    /// Of Linux' `/proc/stat`: user, nice, system, idle, waiting for disks, interrupts, soft ones, stolen. See `proc(5)`.
    init?(stat: String) {
        guard let line = stat.split(separator: "\n", maxSplits: 1).first, line.hasPrefix("cpu ") else { return nil }
        let numbers = line.split(separator: " ").dropFirst().prefix(8).compactMap { Int64($0) }
        guard numbers.count == 8, numbers.allSatisfy({ (0...(.max / 16)).contains($0) }) else { return nil }
        idle = numbers[3] + numbers[4]
        standingBack = numbers[1]
        others = numbers[0] + numbers[2] + numbers[5] + numbers[6] + numbers[7]
    }

    @Sendable static func ofThisMachine() -> ProcessorTimes? {
        guard let stat = try? String(contentsOfFile: "/proc/stat", encoding: .ascii) else { return nil }
        return ProcessorTimes(stat: stat)
    }
}
