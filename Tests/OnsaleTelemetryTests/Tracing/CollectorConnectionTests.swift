import Hummingbird
import Metrics
import NIOCore
import OnsaleCorrelation
import Synchronization
import Testing
import Tracing

@testable import OnsaleTelemetry

@Suite(.timeLimit(.minutes(1))) struct CollectorConnectionTests {
    private struct Received: Sendable {
        let headers: HTTPFields
        let body: ByteBuffer
    }

    /// Runs a collector on a free port, which takes everything at `/v1/traces`.
    private func withCollector(
        _ operation: @Sendable (_ url: String, _ received: @Sendable () -> [Received]) async throws -> Void
    ) async throws {
        let received = AllReceived()
        let router = Router()
        router.post("/v1/traces") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            received.list.withLock { $0.append(Received(headers: request.headers, body: body)) }
            return Response(
                status: .ok, headers: [.retryAfter: "3"], body: .init(byteBuffer: ByteBuffer(string: "taken")))
        }
        router.post("/big") { _, _ in
            Response(status: .ok, body: .init(byteBuffer: ByteBuffer(repeating: 0x61, count: 1 << 20)))
        }
        router.post("/away") { _, _ in Response(status: .found, headers: [.location: "/v1/traces"]) }
        let (ports, announce) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { announce.yield($0.localAddress?.port ?? 0) }, logger: Sample.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            let port = try #require(await ports.first { _ in true })
            try await operation("http://127.0.0.1:\(port)") { received.list.withLock { $0 } }
            group.cancelAll()
        }
    }

    private final class AllReceived: Sendable {
        let list = Mutex<[Received]>([])
    }

    private func request(_ url: String) -> CollectorRequest {
        CollectorRequest(url: url, headers: [("X-Key", "1")], body: ByteBuffer(string: "spans"))
    }

    @Test("A batch goes out with its headers and comes back with the answer, and none of it is traced")
    func post() async throws {
        let queue = SpanQueue(
            spansMax: 10, batchSpansMax: 10, droppedFull: Counter(label: "dropped", dimensions: [], factory: Tallies()))
        let tracer = OnsaleTracer(
            propagator: TracePropagator([.traceContext]), sampler: SpanSampler(root: .always, isParentBased: true),
            queues: [queue])
        var context = InstrumentationContext.topLevel
        context.traceContext = try Sample.context()
        let traced = context
        try await withCollector { url, received in
            let connection = CollectorConnection()
            let answer = try await withTracer(tracer) {
                try await InstrumentationContext.withValue(traced) {
                    try await connection.post(request(url + "/v1/traces"), timeout: .seconds(30))
                }
            }
            await connection.shutdown()
            #expect(answer.status == 200 && answer.retryAfter == "3" && answer.body == Array("taken".utf8))
            let sent = try #require(received().first)
            let headers = Dictionary(grouping: sent.headers, by: \.name.canonicalName).mapValues { $0.map(\.value) }
            #expect(sent.body == ByteBuffer(string: "spans") && headers["x-key"] == ["1"])
            #expect(headers["traceparent"] == nil)
            #expect(queue.count == 0)
        }
    }

    @Test("A huge answer isn't kept, and a redirect isn't followed")
    func oddAnswers() async throws {
        try await withCollector { url, received in
            let connection = CollectorConnection()
            let big = try await connection.post(request(url + "/big"), timeout: .seconds(30))
            let away = try await connection.post(request(url + "/away"), timeout: .seconds(30))
            await connection.shutdown()
            #expect(big.status == 200 && big.body.isEmpty)
            #expect(away.status == 302 && received().isEmpty)
        }
    }

    @Test("Where nobody listens there is no answer")
    func nobody() async throws {
        let connection = CollectorConnection()
        await #expect(throws: (any Error).self) {
            try await connection.post(request("http://127.0.0.1:1/"), timeout: .seconds(30))
        }
        await connection.shutdown()
    }
}
