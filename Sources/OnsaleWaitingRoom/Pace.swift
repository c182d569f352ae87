import OnsaleValues

/// How fast the line moves, measured: soft, for estimates alone.
///
/// Passes end at a rate that is the number of ends over the time that all passes have lived, ended or not (the maximum
/// likelihood estimate with censoring, so that the first minutes are not judged by the shortest visits alone). Each end
/// lets the line move by as many numbers as lie between two calls: those who left are counted by that.
struct Pace: Sendable {
    /// What is older than this fades, in milliseconds.
    private static let memoryMilliseconds = 300_000.0
    /// The same for how many of the numbers are there: ever more have left, so what is old misleads.
    private static let absenceMemoryMilliseconds = 60_000.0
    private static let stepMilliseconds = 5000.0

    private var exposure = 0.0
    private var ends = 0.0
    private var calls = 0.0
    private var numbers = 0.0
    private var occupied = 0
    private var last: Timestamp?
    private var sinceFade = 0.0

    /// Called before anything changes: the slots taken so far have been so until now.
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

    /// Goes on from a snapshot, which knows nothing of the pace.
    mutating func resume(occupied: Int) {
        self.occupied = occupied
    }

    mutating func countCall(passingOver skipped: Int) {
        occupied += 1
        calls += 1
        numbers += Double(skipped) + 1
    }

    /// A call that was taken back: no visit has ended.
    mutating func takeBackCall() {
        occupied -= 1
    }

    mutating func countEnd() {
        occupied -= 1
        ends += 1
    }

    /// Numbers that the line moves in a minute while `slots` people shop.
    /// - Parameter passSeconds: what is believed of a visit as long as none has ended: half of it.
    func numbersPerMinute(slots: Int, passSeconds: Int) -> Double {
        let endsPerMillisecond = (ends + 1) / (exposure + Double(passSeconds) * 500)
        return endsPerMillisecond * 60_000 * Double(slots) * numbersPerCall
    }

    private var numbersPerCall: Double { (numbers + 1) / (calls + 1) }
}
