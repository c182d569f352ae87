/// Sends spans to an OpenTelemetry collector over HTTP. <https://opentelemetry.io/docs/specs/otlp/#otlphttp>
package struct OTLPExporter: SpanExporter {
    package let name = TraceSettings.Exporter.otlp.rawValue
    private let encoding: TraceSettings.OTLP.Encoding
    private let resource: TraceResource
    private let delivery: CollectorDelivery

    package init(
        settings: TraceSettings.OTLP, resource: TraceResource, transport: any CollectorTransport,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        encoding = settings.encoding
        self.resource = resource
        let contentType = encoding == .protobuf ? "application/x-protobuf" : "application/json"
        let own = [("Content-Type", contentType), ("User-Agent", resource.userAgent)]
        delivery = CollectorDelivery(
            url: settings.url, headers: own + settings.headers.map { ($0.key, $0.value) },
            timeout: .milliseconds(settings.timeoutMilliseconds), transport: transport, sleep: sleep)
    }

    package func export(_ spans: [FinishedSpan]) async -> ExportOutcome {
        let body =
            switch encoding {
            case .protobuf: OTLPProtobuf.request(spans, resource: resource)
            case .json: OTLPJSON.request(spans, resource: resource)
            }
        switch await delivery.deliver(body) {
        case .ended(let outcome): return outcome
        case .accepted(let body):
            let answer = encoding == .protobuf ? OTLPAnswer(protobuf: body) : OTLPAnswer(json: body)
            let rejected = Int(max(0, min(answer.rejectedSpans, Int64(spans.count))))
            return .accepted(rejected: rejected, message: answer.message)
        }
    }

    package func shutdown() async {
        await delivery.transport.shutdown()
    }
}
