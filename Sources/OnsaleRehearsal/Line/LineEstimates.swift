/// What was told of how long it would take, against how long it took.
struct LineEstimates: Sendable {
    enum Source: String, CaseIterable, Sendable {
        /// `etaSeconds` in a refusal.
        case answer
        /// Position by `admittedPerMinute`, as the page reckons.
        case room
    }

    /// An estimate that can be held against the truth.
    struct Comparison: Sendable {
        let source: Source
        let toldSeconds: Double
        let trueSeconds: Double

        /// By how much of the truth the estimate was off.
        var error: Double { abs(toldSeconds - trueSeconds) / max(1, trueSeconds) }
    }

    private struct Estimate {
        let number: Int
        let madeAt: Double
        let seconds: Double
        let source: Source
    }

    /// One fan in so many is asked about its estimates.
    static let sampledFans = 8
    /// Shorter estimates are as good as now.
    static let secondsMin = 10.0
    /// The pace shows only after a while.
    static let openSecondsMin = 20.0
    /// Longer ones are as good as never.
    private static let secondsMax = 86_400.0
    private static let estimatesMax = 200_000

    private var estimates: [Estimate] = []

    mutating func told(_ seconds: Double, to number: Int, at moment: Double, by source: Source) {
        guard estimates.count < LineEstimates.estimatesMax, seconds < LineEstimates.secondsMax else { return }
        estimates.append(Estimate(number: number, madeAt: moment, seconds: seconds, source: source))
    }

    /// The estimates that came true, in time: those of at least ``secondsMin``, made ``openSecondsMin`` after the
    /// opening, for numbers that were reached.
    func comparisons(openedAt: Double, reached: (Int) -> Double?) -> [Comparison] {
        estimates.compactMap { estimate in
            guard estimate.seconds >= LineEstimates.secondsMin,
                estimate.madeAt >= openedAt + LineEstimates.openSecondsMin,
                let moment = reached(estimate.number), moment > estimate.madeAt
            else { return nil }
            return Comparison(
                source: estimate.source, toldSeconds: estimate.seconds, trueSeconds: moment - estimate.madeAt)
        }
    }
}
