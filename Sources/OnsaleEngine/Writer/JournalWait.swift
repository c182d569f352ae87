import OnsaleCorrelation
import Tracing

/// A traced request's time in the inbox and in its batch, as a span of its own. Most requests are not traced, and have
/// none.
struct JournalWait: Sendable {
    private let span: any Span

    /// Begins the span if the work in progress is traced.
    init?(_ command: Any.Type, event: String) {
        guard InstrumentationContext.current?.traceContext?.isSampled ?? false else { return nil }
        span = InstrumentationSystem.tracer.startSpan("journal.wait")
        guard span.isRecording else { return nil }
        span.attributes["onsale.command"] = "\(command)"
        span.attributes["onsale.event"] = event
    }

    /// Where the span is; nil if the tracer keeps nothing.
    var context: TraceContext? { span.context.traceContext }

    /// Ends the span; the batch with `batch` as its span is on disk.
    func end(in batch: TraceContext) {
        var context = InstrumentationContext.topLevel
        context.traceContext = batch
        span.addLink(SpanLink(context: context, attributes: [:]))
        span.end()
    }

    func fail(_ error: any Error) {
        span.recordError(error)
        span.setStatus(SpanStatus(code: .error))
        span.end()
    }
}
