import OnsaleCorrelation
import Tracing

/// Sends spans to Zipkin's v2 API in JSON, mapped as OpenTelemetry wants. Links have no place there.
/// <https://zipkin.io/zipkin-api/#/default/post_spans>
/// <https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/>
package struct ZipkinExporter: SpanExporter {
    package let name = TraceSettings.Exporter.zipkin.rawValue
    private let serviceName: String
    private let delivery: CollectorDelivery

    package init(
        settings: TraceSettings.Zipkin, resource: TraceResource, transport: any CollectorTransport,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        serviceName = resource.serviceName
        delivery = CollectorDelivery(
            url: settings.url, headers: [("Content-Type", "application/json"), ("User-Agent", resource.userAgent)],
            timeout: .milliseconds(settings.timeoutMilliseconds), transport: transport, sleep: sleep)
    }

    package func export(_ spans: [FinishedSpan]) async -> ExportOutcome {
        let body = JSONText.array(spans.map { ZipkinExporter.json($0, serviceName: serviceName) }).bytes
        switch await delivery.deliver(body) {
        case .ended(let outcome): return outcome
        case .accepted: return .accepted(rejected: 0, message: "")
        }
    }

    package func shutdown() async {
        await delivery.transport.shutdown()
    }

    static func json(_ span: FinishedSpan, serviceName: String) -> JSONText {
        .object([
            ("traceId", .string(span.context.traceID.text)),
            ("id", .string(span.context.spanText)),
            ("parentId", span.parent.map { .string(HexDigits.text($0)) }),
            ("kind", kind(span.kind).map { .string($0) }),
            ("name", .string(span.name)),
            ("timestamp", microseconds(span.start)),
            // Zipkin takes 0 for unknown.
            ("duration", microseconds(max(1000, span.end - span.start))),
            ("localEndpoint", .object([("serviceName", .string(serviceName))])),
            ("remoteEndpoint", remoteEndpoint(span)),
            ("annotations", span.events.isEmpty ? nil : .array(span.events.map(annotation))),
            ("tags", .object(tags(span))),
        ])
    }

    private static func microseconds(_ nanoseconds: UInt64) -> JSONText {
        .int(Int64(nanoseconds / 1000))
    }

    private static func kind(_ kind: SpanKind) -> String? {
        switch kind {
        case .internal: nil
        case .server: "SERVER"
        case .client: "CLIENT"
        case .producer: "PRODUCER"
        case .consumer: "CONSUMER"
        }
    }

    /// Whom a client called, for Zipkin's map of dependencies.
    private static func remoteEndpoint(_ span: FinishedSpan) -> JSONText? {
        guard span.kind == .client || span.kind == .producer else { return nil }
        let names = ["peer.service", "server.address"].lazy.compactMap { key in
            span.attributes.first { $0.key == key }.map { text($0.value) }
        }
        return names.first.map { .object([("serviceName", .string($0))]) }
    }

    private static func annotation(_ event: FinishedSpan.Event) -> JSONText {
        let attributes = JSONText.object(event.attributes.map { ($0.key, $0.value.json) })
        let value =
            event.attributes.isEmpty ? event.name : "\(JSONText.string(event.name).text): \(attributes.text)"
        return .object([("timestamp", microseconds(event.at)), ("value", .string(value))])
    }

    private static func tags(_ span: FinishedSpan) -> [(String, JSONText?)] {
        var tags: [(String, String)] = span.attributes.compactMap { attribute in
            // Zipkin takes any `error` tag for a failure; that is for the status to say.
            attribute.key == "error" ? nil : (attribute.key, text(attribute.value))
        }
        tags.append(("otel.scope.name", TraceResource.scopeName))
        switch span.status {
        case .unset: break
        case .ok: tags.append(("otel.status_code", "OK"))
        case .error(let message): tags += [("otel.status_code", "ERROR"), ("error", message)]
        }
        for (name, count) in [
            ("attributes", span.dropped.attributes), ("events", span.dropped.events), ("links", span.dropped.links),
        ] where count > 0 {
            tags.append(("otel.dropped_\(name)_count", String(count)))
        }
        return tags.map { ($0.0, .string($0.1)) }
    }

    private static func text(_ value: FinishedSpan.Value) -> String {
        if case .string(let text) = value { text } else { value.json.text }
    }
}
