package import OnsaleCorrelation
package import Tracing

/// Starts spans, and hands those that were sampled to the queues of the exporters once they end.
///
/// Without a queue it records nothing: a trace that comes in goes out as it came, and work without one gets an unsampled
/// one for its log lines.
package final class OnsaleTracer: Tracer {
    package let propagator: TracePropagator
    private let sampler: SpanSampler
    private let queues: [SpanQueue]
    private let clock: SpanClock

    package init(
        propagator: TracePropagator, sampler: SpanSampler, queues: [SpanQueue], clock: SpanClock = .system
    ) {
        self.propagator = propagator
        self.sampler = sampler
        self.queues = queues
        self.clock = clock
    }

    /// Whether any span is recorded at all.
    package var isEnabled: Bool { !queues.isEmpty }

    // MARK: Spans measured by the tracer

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> OnsaleSpan {
        var context = context()
        guard isEnabled else {
            // Log lines of one request have one trace, even where nobody collects traces.
            context.traceContext = context.traceContext ?? makeContext(SpanParent.none)
            return OnsaleSpan(context: context, recording: nil)
        }
        let parent = context.spanParent
        let trace = makeContext(parent)
        context.traceContext = trace
        if trace.isSampled || context.isRecorded { context.isRecorded = trace.isSampled }
        let recording =
            trace.isSampled
            ? SpanRecording(
                operationName, context: trace, parent: parent, kind: kind, at: instant, clock: clock,
                finish: enqueue)
            : nil
        return OnsaleSpan(context: context, recording: recording)
    }

    // MARK: Spans measured elsewhere

    /// The context of a span to come, with the decision whether it is sampled: for those who time their work themselves
    /// and ``record(_:as:parent:kind:startNanoseconds:endNanoseconds:attributes:links:status:)`` it later.
    ///
    /// - Parameter parent: a span of this process; nil begins a trace.
    package func makeContext(parent: TraceContext?) -> TraceContext {
        makeContext(parent.map(SpanParent.local) ?? .none)
    }

    private func makeContext(_ parent: SpanParent) -> TraceContext {
        let traceID = parent.context?.traceID ?? .random()
        return TraceContext(
            traceID: traceID, spanID: .random(in: 1 ... .max),
            isSampled: isEnabled && sampler.samples(traceID, parent: parent), state: parent.context?.state ?? "")
    }

    /// Records a span that is over; does nothing, and doesn't ask for attributes or links, if it isn't sampled.
    ///
    /// - Parameters:
    ///   - context: from ``makeContext(parent:)``; nil makes one below `parent`.
    ///   - startNanoseconds: since 1970, like `endNanoseconds`.
    /// - Returns: the span's context.
    @discardableResult
    package func record(
        _ name: String, as context: TraceContext? = nil, parent: TraceContext?, kind: SpanKind = .internal,
        startNanoseconds: UInt64, endNanoseconds: UInt64,
        attributes: @autoclosure () -> [FinishedSpan.Attribute] = [],
        links: @autoclosure () -> [FinishedSpan.Link] = [], status: FinishedSpan.Status = .unset
    ) -> TraceContext {
        let context = context ?? makeContext(parent: parent)
        guard isEnabled, context.isSampled else { return context }
        let (attributes, links) = (attributes(), links())
        var dropped = FinishedSpan.Dropped()
        dropped.attributes = UInt32(max(0, attributes.count - SpanLimits.attributesMax))
        dropped.links = UInt32(max(0, links.count - SpanLimits.linksMax))
        enqueue(
            FinishedSpan(
                context: context, parent: parent?.spanID, name: SpanLimits.cut(name), kind: kind,
                start: startNanoseconds, end: endNanoseconds,
                attributes: attributes.prefix(SpanLimits.attributesMax).map(SpanLimits.cut), events: [],
                links: Array(links.prefix(SpanLimits.linksMax)), status: status, dropped: dropped))
        return context
    }

    @Sendable private func enqueue(_ span: FinishedSpan) {
        for queue in queues {
            queue.enqueue(span)
        }
    }

    // MARK: Instrument

    /// Asks for what has ended to be exported at once, and doesn't wait for it.
    package func forceFlush() {
        for queue in queues {
            queue.flush()
        }
    }

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        propagator.extract(carrier, into: &context, using: extractor)
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        propagator.inject(context, into: &carrier, using: injector)
    }
}
