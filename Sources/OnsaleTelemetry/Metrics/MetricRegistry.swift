package import CoreMetrics
import Synchronization

/// All metrics of the process: the backend of swift-metrics.
///
/// Every family of the catalog is there from the start, so whoever asks sees what there is to see. A family never has
/// more than ``seriesMax`` series; what comes beyond is dropped and counted. Two uses of one name that don't fit
/// together never crash: the second gets a handler that does nothing.
package final class MetricRegistry: MetricsFactory {
    /// The most series of one family.
    package static let seriesMax = 2000
    /// The most families that aren't in the catalog, such as those of libraries.
    private static let strangersMax = 100

    enum Series: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    struct Family: Sendable {
        let descriptor: MetricDescriptor
        var series: [Labels: Series] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var collectors: [@Sendable (inout MetricSink) -> Void] = []
        /// Families that aren't in the catalog.
        var strangers: Set<String> = []
        /// All names in use, of ours and of strangers.
        var names: Set<String> = []
    }

    private let state: Mutex<State>
    private let dropped = CounterSeries()
    private static let droppedName = "onsale_metric_series_dropped_total"

    package init(catalog: [MetricDescriptor]) {
        var families: [String: Family] = [:]
        for descriptor in catalog { families[descriptor.name] = Family(descriptor: descriptor) }
        let descriptor = MetricDescriptor(
            .counter, MetricRegistry.droppedName, "Series dropped because a metric had too many of them.")
        families[descriptor.name] = Family(
            descriptor: descriptor, series: [Labels([]): .counter(dropped)])
        state = Mutex(State(families: families, names: Set(families.values.flatMap(\.descriptor.names))))
    }

    /// Adds figures that are looked up whenever someone asks for the metrics. `body` must return soon: it holds up the
    /// answer.
    package func collect(_ body: @escaping @Sendable (inout MetricSink) -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    /// Every family, sorted by name, with what the collectors say.
    func snapshot() -> [Family] {
        // Outside the lock, since a collector may itself use metrics.
        var sink = MetricSink()
        for collect in state.withLock({ $0.collectors }) { collect(&sink) }
        var families = state.withLock { $0.families }
        for sample in sink.samples {
            guard let kind = families[sample.name]?.descriptor.kind,
                families[sample.name]?.series.count ?? 0 < MetricRegistry.seriesMax
            else {
                dropped.increment(by: 1.0)
                continue
            }
            let series: Series
            switch kind {
            case .gauge:
                let gauge = GaugeSeries()
                gauge.set(sample.value)
                series = .gauge(gauge)
            case .counter:
                let counter = CounterSeries()
                counter.increment(by: sample.value)
                series = .counter(counter)
            case .histogram: continue
            }
            families[sample.name]?.series[Labels(sample.labels)] = series
        }
        return families.values.sorted { $0.descriptor.name < $1.descriptor.name }
    }

    // MARK: Finding and making series

    private func series(
        _ name: String, _ kind: MetricDescriptor.Kind, _ dimensions: [(String, String)]
    ) -> Series? {
        let made = state.withLock { state -> Series? in
            let isOurs = state.families[name] != nil && !state.strangers.contains(name)
            let name = isOurs ? name : MetricRegistry.strangersName(name, kind)
            if !isOurs, !state.strangers.contains(name) {
                let descriptor = MetricDescriptor(
                    kind, name, "Told by a library.", buckets: MetricDescriptor.latencyBuckets)
                guard state.strangers.count < MetricRegistry.strangersMax,
                    state.names.isDisjoint(with: descriptor.names)
                else { return nil }
                state.strangers.insert(name)
                state.names.formUnion(descriptor.names)
                state.families[name] = Family(descriptor: descriptor)
            }
            guard let family = state.families[name], family.descriptor.kind == kind else { return nil }
            let labels = Labels(dimensions, isHistogram: kind == .histogram)
            if let series = family.series[labels] { return series }
            guard family.series.count < MetricRegistry.seriesMax else { return nil }
            let series: Series =
                switch kind {
                case .counter: .counter(CounterSeries())
                case .gauge: .gauge(GaugeSeries())
                case .histogram: .histogram(HistogramSeries(bounds: family.descriptor.buckets))
                }
            state.families[name]?.series[labels] = series
            return series
        }
        if made == nil { dropped.increment(by: 1.0) }
        return made
    }

    /// The name of a metric that the catalog doesn't know, which may clash with none of ours.
    private static func strangersName(_ name: String, _ kind: MetricDescriptor.Kind) -> String {
        var mended = "swift_" + Labels.mended(name)
        if kind == .counter, !mended.hasSuffix("_total") { mended += "_total" }
        return mended
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        if case .counter(let series)? = series(label, .counter, dimensions) {
            series
        } else {
            NOOPMetricsHandler.instance
        }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        if case .counter(let series)? = series(label, .counter, dimensions) {
            series
        } else {
            NOOPMetricsHandler.instance
        }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        if case .gauge(let series)? = series(label, .gauge, dimensions) { series } else { NOOPMetricsHandler.instance }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        switch series(label, aggregate ? .histogram : .gauge, dimensions) {
        case .gauge(let series)?: series
        case .histogram(let series)?: series
        default: NOOPMetricsHandler.instance
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        if case .histogram(let series)? = series(label, .histogram, dimensions) {
            series
        } else {
            NOOPMetricsHandler.instance
        }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                for (labels, series) in family.series where series.object === handler {
                    state.families[name]?.series[labels] = nil
                    return
                }
            }
        }
    }
}

extension MetricRegistry.Series {
    fileprivate var object: AnyObject {
        switch self {
        case .counter(let series): series
        case .gauge(let series): series
        case .histogram(let series): series
        }
    }
}

/// Takes what collectors have to say.
package struct MetricSink {
    struct Sample {
        let name: String
        let labels: [(String, String)]
        let value: Double
    }

    private(set) var samples: [Sample] = []

    /// Tells the value of a gauge or counter of the catalog, now.
    package mutating func tell(_ name: String, _ labels: KeyValuePairs<String, String>, _ value: Double) {
        samples.append(Sample(name: name, labels: labels.map { ($0.key, $0.value) }, value: value))
    }

    package mutating func tell(_ name: String, _ labels: KeyValuePairs<String, String>, _ value: some BinaryInteger) {
        tell(name, labels, Double(value))
    }

    package mutating func tell(_ name: String, _ value: Double) { tell(name, [:], value) }
    package mutating func tell(_ name: String, _ value: some BinaryInteger) { tell(name, [:], value) }
}
