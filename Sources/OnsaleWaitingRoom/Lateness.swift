import DequeModule
import OnsaleValues

/// When numbers were passed, as far back as it matters: whoever was passed over may come back to the front for a while.
///
/// Soft, like presence: after a restart everybody's time begins anew. Numbers are passed in order, so one entry a second
/// is enough.
struct Lateness: Sendable {
    private var passed: Deque<(through: LineNumber, second: Int64)> = []
    /// All numbers up to here were passed too long ago.
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
