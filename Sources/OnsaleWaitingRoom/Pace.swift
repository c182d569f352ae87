import OnsaleValues

/// Measures how fast the line moves. Soft, and used only for estimates.
///
/// The rate at which slots become free is the number of ended visits over the total lifetime of all slots, ended or
/// not: the maximum likelihood estimate with censoring, so the first minutes aren't judged by the shortest visits
/// alone. Each end advances the line by the numbers between two calls, which accounts for people who left.
struct Pace: Sendable {
    /// How long a measurement counts before it fades, in milliseconds.
    private static let memoryMilliseconds = 300_000.0
    /// The same for the share of present numbers. It is shorter because people keep leaving, so old figures mislead.
    private static let absenceMemoryMilliseconds = 60_000.0
    private static let stepMilliseconds = 5000.0

    private var exposure = 0.0
    private var ends = 0.0
    private var calls = 0.0
    private var numbers = 0.0
    private var occupied = 0
    private var last: Timestamp?
    private var sinceFade = 0.0

    /// Accounts for the time since the last change. Call it before anything changes.
    mutating func elapse(to now: Timestamp) {
        defer { last = max(last ?? now, now) }
        guard let last, now > last, occupied > 0 else { return }
        let elapsed = Double(now.milliseconds - last.milliseconds)
        exposure += elapsed * Double(occupied)
        sinceFade += elapsed
        while sinceFade >= Pace.stepMilliseconds {
            sinceFade -= Pace.stepMilliseconds
            let kept = 1 - Pace.stepMilliseconds / Pace.memoryMilliseconds
            exposure *= kept
            ends *= kept
            let absenceKept = 1 - Pace.stepMilliseconds / Pace.absenceMemoryMilliseconds
            calls *= absenceKept
            numbers *= absenceKept
        }
    }

    /// Starts over from a snapshot, which doesn't include the pace.
    mutating func resume(occupied: Int) {
        self.occupied = occupied
    }

    mutating func countCall(passingOver skipped: Int) {
        occupied += 1
        calls += 1
        numbers += Double(skipped) + 1
    }

    /// Frees the slot of a withdrawn call, without counting the end of a visit.
    mutating func takeBackCall() {
        occupied -= 1
    }

    mutating func countEnd() {
        occupied -= 1
        ends += 1
    }

    /// How many numbers the line advances per minute while `slots` people shop.
    /// - Parameter passSeconds: half of it is the assumed length of a visit until one has ended.
    func numbersPerMinute(slots: Int, passSeconds: Int) -> Double {
        let endsPerMillisecond = (ends + 1) / (exposure + Double(passSeconds) * 500)
        return endsPerMillisecond * 60_000 * Double(slots) * numbersPerCall
    }

    private var numbersPerCall: Double { (numbers + 1) / (calls + 1) }
}
