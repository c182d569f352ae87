import Metrics
import OnsaleCorrelation
import ServiceLifecycle
import Synchronization
import Testing
import Tracing

@testable import OnsaleTelemetry

@Suite(.timeLimit(.minutes(1))) struct SpanProcessorTests {
    private let tallies = Tallies()

    private func processor(_ exporter: any SpanExporter, _ batches: TraceSettings.Batches) -> SpanProcessor {
        SpanProcessor(exporter: exporter, batches: batches, logger: Sample.logger, metrics: tallies)
    }

    @Test("A full queue drops what is new, and counts it")
    func bound() async throws {
        let exporter = KeepingExporter()
        let processor = processor(exporter, Sample.batches(queue: 10, batch: 4))
        for number in 0..<25 {
            processor.queue.enqueue(try Sample.span(start: UInt64(number), end: UInt64(number)))
        }
        #expect(processor.queue.count == 10)
        #expect(tallies["onsale_spans_dropped_total kept queue_full"] == 15)
        while processor.queue.count > 0 {
            await processor.exportDue()
        }
        #expect(exporter.sizes == [4, 4, 2])
        #expect(exporter.batches.withLock { $0.joined().map(\.start) } == (0..<10).map { UInt64($0) })
        #expect(tallies["onsale_spans_exported_total kept"] == 10)
    }

    @Test(
        "What becomes of a batch is counted",
        arguments: [
            (ExportOutcome.accepted(rejected: 0, message: ""), Int64(3), Int64(0), Int64(0)),
            (.accepted(rejected: 2, message: "too old"), 1, 2, 0), (.rejected("status 400"), 0, 3, 0),
            (.failed("lost"), 0, 0, 3),
        ])
    func counts(outcome: ExportOutcome, exported: Int64, rejected: Int64, failed: Int64) async throws {
        let processor = processor(KeepingExporter(outcome), Sample.batches())
        for _ in 0..<3 {
            processor.queue.enqueue(try Sample.span())
        }
        await processor.exportDue()
        #expect(tallies["onsale_spans_exported_total kept"] == exported)
        #expect(tallies["onsale_spans_dropped_total kept rejected"] == rejected)
        #expect(tallies["onsale_spans_dropped_total kept failed"] == failed)
    }

    /// Exports into a channel, so that a test can wait for it, and sees in which context it happens.
    private final class AnnouncingExporter: SpanExporter {
        let name = "announced"
        let sizes: AsyncStream<Int>
        private let announce: AsyncStream<Int>.Continuation
        let sawContext = Mutex(false)
        let wasCancelled = Mutex(false)

        init() {
            (sizes, announce) = AsyncStream.makeStream()
        }

        func export(_ spans: [FinishedSpan]) async -> ExportOutcome {
            if InstrumentationContext.current != nil {
                sawContext.withLock { $0 = true }
            }
            if Task.isCancelled {
                wasCancelled.withLock { $0 = true }
            }
            announce.yield(spans.count)
            return .accepted(rejected: 0, message: "")
        }

        func shutdown() async {
            announce.finish()
        }
    }

    @Test("A full batch goes at once, a flush sends the rest, and a shutdown what came after, all outside any trace")
    func run() async throws {
        let exporter = AnnouncingExporter()
        let processor = processor(exporter, Sample.batches(queue: 100, batch: 10))
        var context = InstrumentationContext.topLevel
        context.traceContext = try Sample.context()
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: processor)], logger: Sample.logger))
        async let running: Void = InstrumentationContext.withValue(context) { try await group.run() }
        var sizes = exporter.sizes.makeAsyncIterator()
        for _ in 0..<10 {
            processor.queue.enqueue(try Sample.span())
        }
        #expect(await sizes.next() == 10)
        for _ in 0..<3 {
            processor.queue.enqueue(try Sample.span())
        }
        processor.queue.flush()
        #expect(await sizes.next() == 3)
        processor.queue.enqueue(try Sample.span())
        await group.triggerGracefulShutdown()
        #expect(await sizes.next() == 1)
        #expect(await sizes.next() == nil)
        try await running
        #expect(!exporter.sawContext.withLock { $0 })
        #expect(!exporter.wasCancelled.withLock { $0 }, "A shutdown leaves time for the last batch.")
    }

    /// Never answers until it is cancelled.
    private struct DeadExporter: SpanExporter {
        let name = "dead"
        let isAsked: AsyncStream<Void>.Continuation

        func export(_ spans: [FinishedSpan]) async -> ExportOutcome {
            isAsked.yield()
            try? await Task.sleep(for: .seconds(3600))
            return .failed("cancelled")
        }

        func shutdown() async {}
    }

    @Test("A collector that never answers holds up nobody, and costs what it was sent and what is queued")
    func dead() async throws {
        let (asked, isAsked) = AsyncStream<Void>.makeStream()
        let processor = processor(DeadExporter(isAsked: isAsked), Sample.batches(queue: 20, batch: 10))
        let running = Task { try await processor.run() }
        for _ in 0..<10 {
            processor.queue.enqueue(try Sample.span())
        }
        _ = await asked.first { _ in true }
        for _ in 0..<50 {
            processor.queue.enqueue(try Sample.span())
        }
        #expect(processor.queue.count == 20)
        running.cancel()
        try await running.value
        #expect(tallies["onsale_spans_dropped_total dead queue_full"] == 30)
        #expect(tallies["onsale_spans_dropped_total dead failed"] == 30)
    }

    @Test("Settings make one queue for each exporter, and one service that ends them together")
    func wiring() throws {
        let settings = TraceSettings(environment: ["OTEL_TRACES_EXPORTER": "otlp,zipkin"])
        let traces = Traces(settings: settings, version: "1", logger: Sample.logger)
        #expect(traces.services.count == 1 && traces.tracer.isEnabled)
        traces.tracer.startSpan("span", context: .topLevel).end()
        #expect(traces.processors.map(\.queue.count) == [1, 1])
        let none = Traces(settings: TraceSettings(environment: [:]), version: "1", logger: Sample.logger)
        #expect(none.services.isEmpty && !none.tracer.isEnabled)
    }
}
