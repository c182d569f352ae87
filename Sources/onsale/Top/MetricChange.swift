/// One answer of `/metrics`, and when it came.
struct TopSample: Sendable {
    /// A clock that never jumps, for intervals.
    let seconds: Double
    /// Since 1970, for ages.
    let unixSeconds: Double
    let exposition: Exposition
}

/// What happened between two answers of `/metrics`.
///
/// Counters begin at 0 with their process and with their labels: a series that is new, or that fell, has grown by its
/// value, and so have all when the process is another one. That holds for events, too: one that gets a label of its own
/// counts from 0 under it, and no series takes over what another had counted. Gauges are no such thing: see
/// ``TopEvent/soldPerSecond``.
struct MetricChange {
    /// The label of the events together that have none of their own.
    static let otherEvents = "_other"

    let seconds: Double
    private let before: Exposition
    private let after: Exposition
    private let isRestarted: Bool

    /// Nil if no time went by.
    init?(from: TopSample, to: TopSample) {
        guard to.seconds > from.seconds else { return nil }
        seconds = to.seconds - from.seconds
        before = from.exposition
        after = to.exposition
        let began = [before, after].compactMap { $0.sum("process_start_time_seconds") }
        isRestarted = Set(began).count > 1
    }

    /// A counter's growth per second over the series whose labels include these. 0 if the counter exists without such a
    /// series; nil without the counter.
    func rate(_ name: String, where wanted: [String: String] = [:]) -> Double? {
        rate(name) { $0.has(wanted) }
    }

    func rate(_ name: String, where isWanted: (Exposition.Sample) -> Bool) -> Double? {
        guard after.has(name) else { return nil }
        return growth(name).filter { isWanted($0.sample) }.reduce(0) { $0 + $1.growth } / seconds
    }

    /// A counter's growth per second by the value of a label, the greatest first; nil without the counter.
    func rates(_ name: String, by label: String) -> [TopModel.Named]? {
        guard after.has(name) else { return nil }
        var sums: [String: Double] = [:]
        for (sample, growth) in growth(name) { sums[sample.labels[label, default: ""], default: 0] += growth }
        return sums.map { .init(name: $0.key, value: $0.value / seconds) }
            .sorted { ($1.value, $0.name) < ($0.value, $1.name) }
    }

    /// A counter's growth per second by the values of two labels; nil without the counter.
    func rates(_ name: String, _ first: String, _ second: String) -> [String: [String: Double]]? {
        guard after.has(name) else { return nil }
        var rates: [String: [String: Double]] = [:]
        for (sample, growth) in growth(name) {
            let keys = (sample.labels[first, default: ""], sample.labels[second, default: ""])
            rates[keys.0, default: [:]][keys.1, default: 0] += growth / seconds
        }
        return rates
    }

    /// The mean of what a histogram observed in the interval; nil if that was nothing.
    func mean(_ histogram: String) -> Double? {
        guard let count = rate(histogram + "_count"), let sum = rate(histogram + "_sum"), count > 0 else { return nil }
        return sum / count
    }

    /// A quantile of what a histogram observed in the interval, over all its series; nil if that was nothing.
    func quantile(_ quantile: Double, of histogram: String) -> Double? {
        var growthByBound: [Double: Double] = [:]
        for (sample, growth) in growth(histogram + "_bucket") {
            guard let bound = sample.labels["le"].flatMap(Double.init), !bound.isNaN else { continue }
            growthByBound[bound, default: 0] += growth
        }
        let buckets = growthByBound.map { HistogramBucket(upperBound: $0.key, cumulativeCount: $0.value) }
        return HistogramBucket.quantile(quantile, of: buckets)
    }

    private func growth(_ name: String) -> [(sample: Exposition.Sample, growth: Double)] {
        let earlier = Dictionary(
            before.samples[name, default: []].map { ($0.labels, $0.value) }, uniquingKeysWith: { _, last in last })
        return after.samples[name, default: []].compactMap { sample in
            let old = isRestarted ? 0 : earlier[sample.labels] ?? 0
            let growth = sample.value >= old ? sample.value - old : sample.value
            return growth.isFinite ? (sample, growth) : nil
        }
    }
}
