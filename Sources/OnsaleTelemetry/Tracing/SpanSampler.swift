import OnsaleCorrelation
import Synchronization

/// Decides which traces are recorded.
///
/// A parent in this process always decides, so that no trace has holes. A parent from outside is a stranger on the
/// internet: with a `parentbased_` sampler its "sampled" is honoured for ``strangersPerSecondMax`` traces a second, and
/// beyond that the root's rule decides, so that nobody can make us record everything. For a stranger's trace that rule
/// goes by a secret hash of the ID, since strangers choose their IDs. "Not sampled" is honoured always, and costs nothing.
///
/// A class, for it counts strangers.
package final class SpanSampler: Sendable {
    /// What decides about a trace that nobody has decided about.
    package enum Rule: Sendable, Equatable {
        case always
        case never
        /// This share of all traces, from 0 to 1.
        case ratio(Double)

        /// The same for all of a trace, in every process that uses the same ratio: by the trace ID's lower 8 bytes, as
        /// OpenTelemetry's SDKs for Go and Python do.
        func samples(_ traceID: TraceContext.TraceID) -> Bool {
            switch self {
            case .always: return true
            case .never: return false
            case .ratio(let share):
                guard share < 1 else { return true }
                return traceID.low >> 1 < UInt64(share * 0x1p63)
            }
        }
    }

    package static let strangersPerSecondMax = 100

    private struct Strangers {
        var second: UInt64 = 0
        var honoured = 0
    }

    private let root: Rule
    private let isParentBased: Bool
    private let nanoseconds: @Sendable () -> UInt64
    private let strangers = Mutex(Strangers())

    /// - Parameter nanoseconds: a clock that never goes back.
    package init(
        root: Rule, isParentBased: Bool, nanoseconds: @escaping @Sendable () -> UInt64 = SpanClock.system.monotonic
    ) {
        self.root = root
        self.isParentBased = isParentBased
        self.nanoseconds = nanoseconds
    }

    func samples(_ traceID: TraceContext.TraceID, parent: SpanParent) -> Bool {
        switch parent {
        case .local(let context): context.isSampled
        case .remote(_, let isSampled?) where isParentBased:
            isSampled && (honoursStranger() || root.samples(SpanSampler.hashed(traceID)))
        // Named by someone else, even if only the trace.
        case .remote(_?, _): root.samples(SpanSampler.hashed(traceID))
        case .none, .remote: root.samples(traceID)
        }
    }

    /// The same for all of a trace in this process, and known to nobody outside.
    private static func hashed(_ traceID: TraceContext.TraceID) -> TraceContext.TraceID {
        var hasher = Hasher()
        hasher.combine(traceID)
        return TraceContext.TraceID(high: 1, low: UInt64(bitPattern: Int64(hasher.finalize()))) ?? traceID
    }

    private func honoursStranger() -> Bool {
        let second = nanoseconds() / 1_000_000_000
        return strangers.withLock { strangers in
            if strangers.second != second {
                strangers = Strangers(second: second)
            }
            guard strangers.honoured < SpanSampler.strangersPerSecondMax else { return false }
            strangers.honoured += 1
            return true
        }
    }
}
