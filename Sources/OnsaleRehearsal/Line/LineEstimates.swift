/// Compares the promised waiting times with the real ones.
struct LineEstimates: Sendable {
    enum Source: String, CaseIterable, Sendable {
        /// `etaSeconds` in a refusal.
        case answer
        /// Position divided by `admittedPerMinute`, as the page computes it.
        case room
    }

    /// An estimate that can be compared with the truth.
    struct Comparison: Sendable {
        let source: Source
        let toldSeconds: Double
        let trueSeconds: Double

        /// The estimate's relative error.
        var error: Double { abs(toldSeconds - trueSeconds) / max(1, trueSeconds) }
    }

    private struct Estimate {
        let number: Int
        let madeAt: Double
        let seconds: Double
        let source: Source
    }

    /// One fan in this many has its estimates recorded.
    static let sampledFans = 8
    /// Anything shorter counts as now.
    static let secondsMin = 10.0
    /// The pace settles only this long after the opening.
    static let openSecondsMin = 20.0
    /// Anything longer counts as never.
    private static let secondsMax = 86_400.0
    private static let estimatesMax = 200_000

    private var estimates: [Estimate] = []

    mutating func told(_ seconds: Double, to number: Int, at moment: Double, by source: Source) {
        guard estimates.count < LineEstimates.estimatesMax, seconds < LineEstimates.secondsMax else { return }
        estimates.append(Estimate(number: number, madeAt: moment, seconds: seconds, source: source))
    }

    /// The estimates that can be judged: at least ``secondsMin`` long, made at least ``openSecondsMin`` after the
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
