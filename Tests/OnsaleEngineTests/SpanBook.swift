import OnsaleCorrelation
import Synchronization
import Tracing

/// A tracer that keeps every span and counts how often each is ended.
final class SpanBook: Tracer {
    struct Entry: Sendable {
        let name: String
        let context: TraceContext
        let parent: TraceContext?
        var attributes: SpanAttributes = [:]
        var links: [TraceContext] = []
        var errors: [String] = []
        var hasFailed = false
        var ends = 0
    }

    struct Span: Tracing.Span {
        let context: InstrumentationContext
        fileprivate let book: SpanBook
        fileprivate let number: Int

        var isRecording: Bool { book.entries[number].ends == 0 }
        var operationName: String {
            get { book.entries[number].name }
            nonmutating set {}
        }
        var attributes: SpanAttributes {
            get { book.entries[number].attributes }
            nonmutating set { book.change(number) { $0.attributes = newValue } }
        }

        func setStatus(_ status: SpanStatus) { book.change(number) { $0.hasFailed = status.code == .error } }
        func addEvent(_ event: SpanEvent) {}
        func recordError<Instant: TracerInstant>(
            _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
        ) { book.change(number) { $0.errors.append("\(error)") } }
        func addLink(_ link: SpanLink) {
            book.change(number) { if let context = link.context.traceContext { $0.links.append(context) } }
        }
        func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
            book.change(number) { $0.ends += 1 }
        }
    }

    private let all = Mutex<[Entry]>([])

    var entries: [Entry] { all.withLock { $0 } }

    fileprivate func change(_ number: Int, _ body: (inout Entry) -> Void) { all.withLock { body(&$0[number]) } }

    /// Runs `body` as work in a trace of its own.
    func work<Result>(sampled: Bool = true, _ body: () throws -> Result) rethrows -> Result {
        try withTracer(self) { () throws in
            try InstrumentationContext.withValue(SpanBook.context(sampled: sampled)) { try body() }
        }
    }

    static func context(sampled: Bool) -> InstrumentationContext {
        var context = InstrumentationContext.topLevel
        context.traceContext = TraceContext(
            traceID: .random(), spanID: .random(in: 1 ... .max), isSampled: sampled)
        context.isRecorded = sampled
        return context
    }

    // MARK: Tracer

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> Span {
        var context = context()
        let parent = context.traceContext
        let own = TraceContext(
            traceID: parent?.traceID ?? .random(), spanID: .random(in: 1 ... .max),
            isSampled: parent?.isSampled ?? true)
        context.traceContext = own
        let number = all.withLock { all in
            all.append(Entry(name: operationName, context: own, parent: parent))
            return all.count - 1
        }
        return Span(context: context, book: self, number: number)
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {}

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {}
}
