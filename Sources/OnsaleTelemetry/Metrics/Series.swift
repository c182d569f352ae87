import CoreMetrics
import OnsaleCorrelation
import Synchronization
import Tracing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A trace that shows how a figure came about.
struct Exemplar: Sendable {
    let traceID: TraceContext.TraceID
    let spanID: UInt64
    let value: Double
    /// Seconds since 1970.
    let at: Double

    /// One for the recorded span in progress; nil outside any.
    init?(_ value: Double) {
        guard let current = InstrumentationContext.current, current.isRecorded, let trace = current.traceContext else {
            return nil
        }
        traceID = trace.traceID
        spanID = trace.spanID
        self.value = value
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        at = Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}

/// A counter with its labels.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler {
    private let state = Mutex<(value: Double, exemplar: Exemplar?)>((0, nil))

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    /// What isn't a number, or would make it go back, is left out.
    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        let exemplar = Exemplar(amount)
        state.withLock { state in
            state.value += amount
            if let exemplar { state.exemplar = exemplar }
        }
    }

    func reset() { state.withLock { $0 = (0, nil) } }

    var value: (value: Double, exemplar: Exemplar?) { state.withLock { $0 } }
}

/// A gauge with its labels.
final class GaugeSeries: MeterHandler, RecorderHandler {
    private let state = Mutex<Double>(0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0 = value } }
    func increment(by amount: Double) { state.withLock { $0 += amount } }
    func decrement(by amount: Double) { state.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }

    var value: Double { state.withLock { $0 } }
}

/// A histogram with its labels. Sum and buckets are always of the same observations.
final class HistogramSeries: TimerHandler, RecorderHandler {
    struct Snapshot: Sendable {
        /// How many fell into each bucket alone; the last one is +Inf.
        var counts: [UInt64]
        var exemplars: [Exemplar?]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<Snapshot>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(
            Snapshot(
                counts: [UInt64](repeating: 0, count: bounds.count + 1),
                exemplars: [Exemplar?](repeating: nil, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let exemplar = Exemplar(value)
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
            if let exemplar { state.exemplars[bucket] = exemplar }
        }
    }

    var snapshot: Snapshot { state.withLock { $0 } }
}
