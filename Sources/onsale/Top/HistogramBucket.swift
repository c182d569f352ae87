/// A bucket of a histogram: how many observations were at most its upper bound.
struct HistogramBucket: Equatable {
    let upperBound: Double
    let cumulativeCount: Double

    /// The quantile by linear interpolation within the bucket it falls into, as Prometheus' `histogram_quantile` has it:
    /// the first bucket begins at 0 (unless its bound is below that), and in the last one the answer is the greatest
    /// finite bound. Nil without observations, or without a `+Inf` bucket beside a finite one.
    static func quantile(_ quantile: Double, of unsorted: [HistogramBucket]) -> Double? {
        precondition((0...1).contains(quantile))
        let buckets = unsorted.sorted { $0.upperBound < $1.upperBound }
        guard buckets.count > 1, let last = buckets.last, last.upperBound == .infinity else { return nil }
        // Series that came or went between two scrapes can make a cumulative count fall; it counts as flat.
        var counts: [Double] = []
        for bucket in buckets { counts.append(max(counts.last ?? 0, bucket.cumulativeCount)) }
        guard let total = counts.last, total > 0, total.isFinite else { return nil }
        let rank = quantile * total
        guard let index = counts.firstIndex(where: { $0 >= rank }) else { return nil }
        let upper = buckets[index].upperBound
        guard upper < .infinity else { return buckets[index - 1].upperBound }
        if index == 0, upper <= 0 { return upper }
        let lower = index == 0 ? 0 : buckets[index - 1].upperBound
        let below = index == 0 ? 0 : counts[index - 1]
        let inside = counts[index] - below
        return inside > 0 ? lower + (upper - lower) * (rank - below) / inside : upper
    }
}
