import Metrics
import OnsaleCorrelation
import Synchronization
import Testing
import Tracing

@testable import OnsaleTelemetry

struct OnsaleTracerTests {
    private let clock = HandClock()
    private let queue: SpanQueue
    private let tracer: OnsaleTracer

    init() {
        queue = SpanQueue(
            spansMax: 1000, batchSpansMax: 1000,
            droppedFull: Counter(label: "dropped", dimensions: [], factory: Tallies()))
        tracer = OnsaleTracer(
            propagator: TracePropagator([.traceContext]), sampler: SpanSampler(root: .always, isParentBased: true),
            queues: [queue], clock: clock.clock)
    }

    private func start(
        _ name: String = "span", in context: InstrumentationContext = .topLevel, kind: SpanKind = .internal
    ) -> OnsaleSpan {
        tracer.startSpan(name, context: context, ofKind: kind, at: clock.now)
    }

    /// The one span that has ended.
    private func ended() throws -> FinishedSpan {
        let spans = queue.take()
        try #require(spans.count == 1)
        return spans[0]
    }

    @Test("A child keeps its parent's trace and state, and has an ID of its own")
    func family() throws {
        var outside = InstrumentationContext.topLevel
        let remote = try Sample.context(state: "a=1")
        outside.receive(remote, isSampled: true)
        let parent = start(in: outside, kind: .server)
        let child = start(in: parent.context)
        child.end(at: clock.now)
        let inner = try ended()
        parent.end(at: clock.now)
        let outer = try ended()
        #expect(outer.parent == remote.spanID && outer.isParentRemote && outer.kind == .server)
        #expect(inner.parent == outer.context.spanID && !inner.isParentRemote)
        #expect(Set([inner, outer].map(\.context.traceID)) == [remote.traceID])
        #expect(inner.context.state == "a=1" && inner.context.spanID != outer.context.spanID)
        #expect(child.context.traceContext == inner.context)
    }

    @Test("A span that isn't sampled records nothing, and still names itself to its children")
    func unsampled() throws {
        var outside = InstrumentationContext.topLevel
        outside.receive(try Sample.context(sampled: false), isSampled: false)
        let span = start(in: outside)
        span.attributes["a"] = "b"
        span.addEvent("event")
        span.end()
        #expect(!span.isRecording && span.attributes.isEmpty && queue.count == 0)
        let context = try #require(span.context.traceContext)
        #expect(!context.isSampled && context.spanID != outside.traceContext?.spanID)
        let child = start(in: span.context)
        #expect(!child.isRecording && child.context.traceContext?.traceID == context.traceID)
    }

    @Test("Without an exporter a trace goes out as it came")
    func disabled() throws {
        let idle = OnsaleTracer(
            propagator: TracePropagator([.traceContext]), sampler: SpanSampler(root: .always, isParentBased: true),
            queues: [])
        var outside = InstrumentationContext.topLevel
        outside.receive(try Sample.context(), isSampled: true)
        let span = idle.startSpan("span", context: outside)
        #expect(!span.isRecording && span.context.traceContext == outside.traceContext)
        #expect(!idle.makeContext(parent: nil).isSampled)
    }

    @Test(
        "A span takes as long as the monotonic clock says, wherever the wall's clock jumps",
        arguments: [
            UInt64(1_700_000_000_000_000_000), 1_800_000_000_000_000_000, 1_900_000_000_000_000_000,
        ])
    func jumps(wallAfter: UInt64) throws {
        let span = start()
        let began = clock.now.nanosecondsSinceEpoch
        clock.pass(2_000_000)
        clock.wall.withLock { $0 = wallAfter }
        span.end(at: clock.now)
        let ended = try ended()
        #expect(ended.start == began && ended.end == began + 2_000_000)
    }

    @Test("Instants of the caller's own are kept, and an end is never before its start")
    func explicitInstants() throws {
        func at(_ nanoseconds: UInt64) -> DefaultTracerClock.Timestamp { .init(nanosecondsSinceEpoch: nanoseconds) }
        tracer.startSpan("a", context: .topLevel, at: at(100)).end(at: at(300))
        #expect(try ended().end == 300)
        tracer.startSpan("b", context: .topLevel, at: at(100)).end(at: at(50))
        #expect(try ended().end == 100)
        let past = clock.now.nanosecondsSinceEpoch - 1_000_000
        let span = tracer.startSpan("c", context: .topLevel, at: at(past))
        clock.pass(500_000)
        span.end(at: clock.now)
        #expect(try ended().end == past + 1_500_000)
        let future = tracer.startSpan("d", context: .topLevel, at: at(.max))
        clock.pass(1)
        future.end(at: clock.now)
        #expect(try ended().end == .max)
    }

    @Test("With the system's clocks no span is negative")
    func systemClocks() async throws {
        let tracer = OnsaleTracer(
            propagator: TracePropagator([]), sampler: SpanSampler(root: .always, isParentBased: true), queues: [queue])
        for _ in 0..<100 {
            await tracer.withSpan("span") { _ in await Task.yield() }
        }
        let spans = queue.take()
        #expect(spans.count == 100)
        #expect(spans.allSatisfy { $0.start <= $0.end })
    }

    @Test("Ending twice, or writing after the end, changes nothing")
    func endsOnce() throws {
        let span = start("first")
        span.end(at: clock.now)
        span.attributes["late"] = true
        span.operationName = "late"
        span.end(at: clock.now)
        let ended = try ended()
        #expect(ended.name == "first" && ended.attributes == [] && !span.isRecording)
    }

    @Test("Attributes keep their types, sorted by key")
    func attributes() throws {
        let span = start()
        span.attributes["b"] = true
        span.attributes["i"] = 42
        span.attributes["d"] = 0.5
        span.attributes["a"] = "text"
        span.attributes["l"] = ["x", "y"]
        span.attributes.set("n", value: .int32Array([1, 2]))
        span.attributes.set("s", value: .stringConvertible(7))
        span.end(at: clock.now)
        #expect(
            try ended().attributes == [
                .init("a", .string("text")), .init("b", .bool(true)), .init("d", .double(0.5)), .init("i", .int(42)),
                .init("l", .strings(["x", "y"])), .init("n", .ints([1, 2])), .init("s", .string("7")),
            ])
    }

    @Test("Beyond a span's limits the rest is counted, and long strings are cut between characters")
    func limits() throws {
        let span = start(String(repeating: "n", count: 5000))
        let linked = start()
        for number in 0..<200 {
            span.attributes["key\(number)"] = number
            span.addEvent(SpanEvent(name: "event", at: clock.now))
            span.addLink(linked)
        }
        span.attributes["key0"] = String(repeating: "€", count: 1000)
        span.addLink(SpanLink(context: .topLevel, attributes: [:]))
        span.end(at: clock.now)
        let ended = try ended()
        #expect(ended.attributes.count == 64 && ended.dropped.attributes == 136)
        #expect(ended.attributes[0] == .init("key0", .string(String(repeating: "€", count: 341))))
        #expect(ended.events.count == 128 && ended.dropped.events == 72)
        #expect(ended.links.count == 128 && ended.dropped.links == 72)
        #expect(ended.name.utf8.count == 1024)
    }

    @Test("An error is an event, and the status keeps to OpenTelemetry's order")
    func errors() throws {
        struct Broken: Error {}
        let span = start()
        span.recordError(Broken(), attributes: ["where": "here"], at: clock.now)
        span.setStatus(SpanStatus(code: .error, message: "no"))
        span.end(at: clock.now)
        let failed = try ended()
        #expect(failed.status == .error("no") && failed.events.map(\.name) == ["exception"])
        let attributes = failed.events[0].attributes
        #expect(attributes.map(\.key) == ["exception.message", "exception.type", "where"])
        #expect(attributes[0].value == .string("Broken()"))

        let fine = start()
        fine.setStatus(SpanStatus(code: .error))
        fine.setStatus(SpanStatus(code: .ok))
        fine.setStatus(SpanStatus(code: .error))
        fine.end(at: clock.now)
        #expect(try ended().status == .ok)
    }

    @Test("Spans measured elsewhere are recorded by their own times, under the context made for them before")
    func record() throws {
        let batch = tracer.makeContext(parent: nil)
        let child = tracer.record(
            "journal.decide", parent: batch, startNanoseconds: 10, endNanoseconds: 20,
            attributes: [.init("onsale.batch.rows", .int(3))])
        tracer.record("journal.batch", as: batch, parent: nil, startNanoseconds: 30, endNanoseconds: 5)
        let spans = queue.take()
        #expect(spans.map(\.name) == ["journal.decide", "journal.batch"])
        #expect(spans[0].context == child && spans[0].parent == batch.spanID && spans[0].end == 20)
        #expect(spans[1].context == batch && spans[1].parent == nil && spans[1].end == 30)

        var wasAsked = false
        func attributes() -> [FinishedSpan.Attribute] {
            wasAsked = true
            return []
        }
        let unsampled = try Sample.context(sampled: false)
        tracer.record("x", parent: unsampled, startNanoseconds: 0, endNanoseconds: 1, attributes: attributes())
        #expect(!wasAsked && queue.count == 0)
    }
}
