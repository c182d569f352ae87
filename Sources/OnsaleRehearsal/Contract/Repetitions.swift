/// When a request without an answer is sent again: after 502, 503, 504 or nothing at all, since nobody knows whether it
/// was done. The same as in `@onsale/client`.
struct Repetitions {
    /// The first try included.
    private static let triesMost = 4
    private static let pauseFirstSeconds = 0.25
    private static let pauseMostSeconds = 4.0
    /// No try begins later than so long after the first.
    private static let repeatSeconds = 30.0
    /// Whoever is asked to wait longer doesn't.
    private static let retryAfterSecondsMost = 10

    private var tries = 1

    /// - Parameters:
    ///   - status: nil if no answer came.
    ///   - elapsed: since the first try.
    /// - Returns: how long to wait before the next try; nil if there should be none.
    mutating func pause(after status: Int?, retryAfterSeconds: Int?, elapsed: Duration) -> Duration? {
        guard tries < Repetitions.triesMost, status.map([502, 503, 504].contains) ?? true else { return nil }
        let asked = retryAfterSeconds ?? 0
        guard (0...Repetitions.retryAfterSecondsMost).contains(asked) else { return nil }
        // Doubles with each try.
        let growing = min(Repetitions.pauseFirstSeconds * Double(1 << (tries - 1)), Repetitions.pauseMostSeconds)
        // Fans whose server was away must not come back in the same moment.
        let pause = Duration.seconds(Double(asked) + growing * Double.random(in: 0.5...1.5))
        guard elapsed + pause < .seconds(Repetitions.repeatSeconds) else { return nil }
        tries += 1
        return pause
    }
}
