import DequeModule
import OnsaleValues

/// When each number was passed over, as far back as it matters: for a while, people passed over may return to the
/// front.
///
/// Soft, like presence: a restart resets everyone's time. Numbers are passed in order, so one entry per second is
/// enough.
struct Lateness: Sendable {
    private var passed: Deque<(through: LineNumber, second: Int64)> = []
    /// All numbers up to this one were passed too long ago.
    private var tooLateThrough = LineNumber(0)

    mutating func notePassing(_ number: LineNumber, at now: Timestamp) {
        let second = now.milliseconds / 1000
        if let last = passed.last, last.second == second {
            passed[passed.count - 1].through = max(last.through, number)
        } else {
            passed.append((number, second))
        }
    }

    mutating func isTooLate(_ number: LineNumber, at now: Timestamp, seconds: Int) -> Bool {
        let limit = now.milliseconds / 1000 - Int64(seconds)
        while let oldest = passed.first, oldest.second < limit {
            tooLateThrough = max(tooLateThrough, oldest.through)
            passed.removeFirst()
        }
        return number <= tooLateThrough
    }
}
