import OnsaleValues

/// When numbers were passed, as far back as it matters: whoever was passed over may come back to the front for a while.
///
/// Soft, like presence: after a restart everybody's time begins anew. Numbers are passed in order, so one entry a second
/// is enough.
struct Lateness: Sendable {
    private var passed: [(through: LineNumber, second: Int64)] = []
    private var oldest = 0
    /// All numbers up to here were passed too long ago.
    private var tooLateThrough = LineNumber(0)

    mutating func passed(_ number: LineNumber, at now: Timestamp) {
        let second = now.milliseconds / 1000
        if let last = passed.last, passed.count > oldest, last.second == second {
            passed[passed.count - 1].through = max(last.through, number)
        } else {
            passed.append((number, second))
        }
    }

    mutating func isTooLate(_ number: LineNumber, at now: Timestamp, seconds: Int) -> Bool {
        let limit = now.milliseconds / 1000 - Int64(seconds)
        while oldest < passed.count, passed[oldest].second < limit {
            tooLateThrough = max(tooLateThrough, passed[oldest].through)
            oldest += 1
        }
        if oldest > 1024, oldest * 2 > passed.count {
            passed.removeFirst(oldest)
            oldest = 0
        }
        return number <= tooLateThrough
    }
}
