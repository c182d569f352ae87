import Logging
import Metrics
import OnsaleCorrelation
import Synchronization
import Tracing

@testable import OnsaleTelemetry

/// A clock that tests move by hand.
final class HandClock: Sendable {
    let wall = Mutex<UInt64>(1_800_000_000_000_000_000)
    let monotonic = Mutex<UInt64>(5_000_000_000)

    var clock: SpanClock {
        SpanClock(wall: { self.wall.withLock { $0 } }, monotonic: { self.monotonic.withLock { $0 } })
    }

    /// What the wall's clock says.
    var now: DefaultTracerClock.Timestamp { .init(nanosecondsSinceEpoch: wall.withLock { $0 }) }

    func pass(_ nanoseconds: UInt64) {
        wall.withLock { $0 += nanoseconds }
        monotonic.withLock { $0 += nanoseconds }
    }
}

/// Counts in memory, by label and dimensions: `onsale_spans_dropped_total otlp queue_full`.
final class Tallies: MetricsFactory, Sendable {
    private final class Tally: CounterHandler {
        let key: String
        let tallies: Tallies

        init(_ key: String, _ tallies: Tallies) {
            (self.key, self.tallies) = (key, tallies)
        }

        func increment(by amount: Int64) {
            tallies.counts.withLock { $0[key, default: 0] += amount }
        }

        func reset() {}
    }

    let counts = Mutex<[String: Int64]>([:])

    subscript(_ key: String) -> Int64 { counts.withLock { $0[key] ?? 0 } }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Tally(([label] + dimensions.map(\.1)).joined(separator: " "), self)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

/// A collector that answers by a script, then with its last word for ever.
final class ScriptedCollector: CollectorTransport {
    enum Step: Sendable {
        case answer(CollectorAnswer)
        case lost

        static func status(_ status: Int, retryAfter: String? = nil) -> Step {
            .answer(CollectorAnswer(status: status, retryAfter: retryAfter))
        }
    }

    struct ConnectionLost: Error {}

    private let steps: Mutex<[Step]>
    let requests = Mutex<[CollectorRequest]>([])
    /// How long the exporter meant to pause.
    let pauses = Mutex<[Duration]>([])

    init(_ steps: [Step]) {
        self.steps = Mutex(steps)
    }

    func post(_ request: CollectorRequest, timeout: Duration) async throws -> CollectorAnswer {
        requests.withLock { $0.append(request) }
        switch steps.withLock({ $0.count > 1 ? $0.removeFirst() : $0[0] }) {
        case .answer(let answer): return answer
        case .lost: throw ConnectionLost()
        }
    }

    func shutdown() async {}

    @Sendable func sleep(_ pause: Duration) async throws {
        pauses.withLock { $0.append(pause) }
    }

    var requestCount: Int { requests.withLock { $0.count } }
}

/// Keeps what it is given, and answers as told.
final class KeepingExporter: SpanExporter {
    let name = "kept"
    let batches = Mutex<[[FinishedSpan]]>([])
    let isShutDown = Mutex(false)
    private let outcome: ExportOutcome

    init(_ outcome: ExportOutcome = .accepted(rejected: 0, message: "")) {
        self.outcome = outcome
    }

    func export(_ spans: [FinishedSpan]) async -> ExportOutcome {
        batches.withLock { $0.append(spans) }
        return outcome
    }

    func shutdown() async {
        isShutDown.withLock { $0 = true }
    }

    var sizes: [Int] { batches.withLock { $0.map(\.count) } }
}

enum Sample {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func context(sampled: Bool = true, state: String = "") throws -> TraceContext {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\(sampled ? 1 : 0)"
        guard let context = TraceContext(traceparent: parent, tracestate: state) else { throw Malformed() }
        return context
    }

    struct Malformed: Error {}

    static func span(
        parent: UInt64? = nil, isParentRemote: Bool = false, kind: SpanKind = .internal, start: UInt64 = 1_000,
        end: UInt64 = 2_500, attributes: [FinishedSpan.Attribute] = [], events: [FinishedSpan.Event] = [],
        links: [FinishedSpan.Link] = [], status: FinishedSpan.Status = .unset, state: String = "",
        dropped: FinishedSpan.Dropped = .init()
    ) throws -> FinishedSpan {
        FinishedSpan(
            context: try context(state: state), parent: parent, isParentRemote: isParentRemote, name: "journal.wait",
            kind: kind, start: start, end: end, attributes: attributes, events: events, links: links, status: status,
            dropped: dropped)
    }

    static let resource = TraceResource(
        settings: TraceSettings(environment: ["OTEL_SERVICE_NAME": "box-office"]), version: "1.2.3")

    static func batches(delayMilliseconds: Int64 = 3_600_000, queue: Int = 2048, batch: Int = 512)
        -> TraceSettings.Batches
    {
        var batches = TraceSettings.Batches()
        batches.delayMilliseconds = delayMilliseconds
        (batches.queueSpansMax, batches.batchSpansMax) = (queue, batch)
        return batches
    }
}
