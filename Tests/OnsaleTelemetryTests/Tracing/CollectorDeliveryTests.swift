import Synchronization
import Testing

@testable import OnsaleTelemetry

struct CollectorDeliveryTests {
    private func export(
        _ steps: [ScriptedCollector.Step], json: Bool = false, spans: Int = 3
    ) async throws -> (ExportOutcome, ScriptedCollector) {
        let collector = ScriptedCollector(steps)
        var settings = TraceSettings.OTLP()
        settings.encoding = json ? .json : .protobuf
        settings.headers = [.init("Authorization", "Bearer x")]
        let exporter = OTLPExporter(
            settings: settings, resource: Sample.resource, transport: collector, sleep: collector.sleep)
        let outcome = await exporter.export(try (0..<spans).map { _ in try Sample.span() })
        return (outcome, collector)
    }

    private let taken = ExportOutcome.accepted(rejected: 0, message: "")

    @Test("Overload, gateways and lost connections are tried again", arguments: [429, 502, 503, 504, 0])
    func retried(status: Int) async throws {
        let trouble = status == 0 ? ScriptedCollector.Step.lost : .status(status)
        let (outcome, collector) = try await export([trouble, trouble, .status(200)])
        #expect(outcome == taken && collector.requestCount == 3)
        let pauses = collector.pauses.withLock { $0 }
        #expect(pauses.count == 2)
        #expect((Duration.milliseconds(500) ... .seconds(1)).contains(pauses[0]))
        #expect((Duration.seconds(1) ... .seconds(2)).contains(pauses[1]))
        #expect(Set(collector.requests.withLock { $0.map(\.body) }).count == 1)
    }

    @Test("Any other answer is final", arguments: [301, 400, 401, 403, 404, 413, 500, 501, 600])
    func refused(status: Int) async throws {
        let (outcome, collector) = try await export([.status(status), .status(200)])
        #expect(outcome == .rejected("status \(status)") && collector.requestCount == 1)
    }

    @Test("Attempts are bounded")
    func bounded() async throws {
        let (outcome, collector) = try await export([.status(503)])
        #expect(outcome == .failed("status 503"))
        #expect(collector.requestCount == CollectorDelivery.attemptsMax)
        #expect(collector.pauses.withLock { $0.count } == CollectorDelivery.attemptsMax - 1)
        guard case (.failed, _) = try await export([.lost]) else {
            Issue.record("a lost batch is failed")
            return
        }
    }

    @Test("Retry-After is honoured, up to a cap", arguments: [("7", 7), ("86400", 30)])
    func retryAfter(text: String, seconds: Int) async throws {
        let (_, collector) = try await export([.status(429, retryAfter: text), .status(200)])
        #expect(collector.pauses.withLock { $0 } == [.seconds(seconds)])
    }

    @Test(
        "A Retry-After that makes no sense leaves the usual pause",
        arguments: ["", "soon", "1.5", "0", "-5", "99999999999999999999"])
    func senselessRetryAfter(text: String) async throws {
        let (outcome, collector) = try await export([.status(503, retryAfter: text), .status(202)])
        #expect(outcome == taken)
        #expect(collector.pauses.withLock { $0.allSatisfy { $0 <= .seconds(1) } })
    }

    @Test("Pauses double up to a bound")
    func pauses() {
        let pauses = (1...8).map { CollectorDelivery.pause(after: $0, jitter: 1) }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
    }

    @Test("A partial success is counted and never sent again")
    func partialSuccess() async throws {
        var protobuf = ProtobufWriter()
        protobuf.message(1) { partial in
            partial.varint(1, 2)
            partial.string(2, "too old")
        }
        let answer = CollectorAnswer(status: 200, body: protobuf.bytes)
        let (outcome, collector) = try await export([.answer(answer)])
        #expect(outcome == .accepted(rejected: 2, message: "too old") && collector.requestCount == 1)

        for text in [
            #"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#,
            #"{"partialSuccess":{"rejectedSpans":2,"errorMessage":"too old"}}"#,
        ] {
            let answer = CollectorAnswer(status: 200, body: Array(text.utf8))
            let (outcome, collector) = try await export([.answer(answer)], json: true)
            #expect(outcome == .accepted(rejected: 2, message: "too old") && collector.requestCount == 1)
        }
    }

    @Test("A success with a senseless answer is a success, whatever numbers it names")
    func senselessAnswers() async throws {
        for body: [UInt8] in [
            [0x0a], [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Array("<html>".utf8),
            Array(repeating: 0xff, count: 1000), [0x0a, 0x02, 0x08], [0x07], [0x0b, 0x0c],
        ] {
            let answer = ScriptedCollector.Step.answer(CollectorAnswer(status: 200, body: body))
            #expect(try await export([answer]).0 == taken)
            #expect(try await export([answer], json: true).0 == taken)
        }
        var protobuf = ProtobufWriter()
        protobuf.message(1) { $0.varint(1, 1 << 40) }
        let many = ScriptedCollector.Step.answer(CollectorAnswer(status: 200, body: protobuf.bytes))
        #expect(try await export([many]).0 == .accepted(rejected: 3, message: ""))
        var negative = ProtobufWriter()
        negative.message(1) { $0.varint(1, UInt64(bitPattern: -5)) }
        let few = ScriptedCollector.Step.answer(CollectorAnswer(status: 200, body: negative.bytes))
        #expect(try await export([few]).0 == taken)
    }

    @Test("Requests carry the content's type and the settings' headers")
    func headers() async throws {
        for (json, type) in [(false, "application/x-protobuf"), (true, "application/json")] {
            let (_, collector) = try await export([.status(200)], json: json)
            let request = try #require(collector.requests.withLock { $0.first })
            #expect(request.url == "http://localhost:4318/v1/traces")
            let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
            #expect(
                headers == [
                    "Content-Type": type, "User-Agent": "onsale/1.2.3", "Authorization": "Bearer x",
                ])
        }
    }
}
