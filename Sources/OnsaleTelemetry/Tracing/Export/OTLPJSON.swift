import OnsaleCorrelation

/// OTLP's `ExportTraceServiceRequest` in JSON: IDs in hex, 64-bit integers as strings, enums as numbers.
/// <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>
enum OTLPJSON {
    static func request(_ spans: [FinishedSpan], resource: TraceResource) -> [UInt8] {
        let scope = JSONText.object([
            ("name", .string(TraceResource.scopeName)), ("version", .string(resource.version)),
        ])
        let scopeSpans = JSONText.object([("scope", scope), ("spans", .array(spans.map(json)))])
        let resourceSpans = JSONText.object([
            ("resource", .object([("attributes", json(resource.attributes))])), ("scopeSpans", .array([scopeSpans])),
        ])
        return JSONText.object([("resourceSpans", .array([resourceSpans]))]).bytes
    }

    private static func json(_ span: FinishedSpan) -> JSONText {
        .object([
            ("traceId", .string(span.context.traceID.text)),
            ("spanId", .string(span.context.spanText)),
            ("traceState", span.context.state.isEmpty ? nil : .string(span.context.state)),
            ("parentSpanId", span.parent.map { .string(HexDigits.text($0)) }),
            ("flags", .int(Int64(span.otlpFlags))),
            ("name", .string(span.name)),
            ("kind", .int(Int64(span.kind.otlpNumber))),
            ("startTimeUnixNano", .string(String(span.start))),
            ("endTimeUnixNano", .string(String(span.end))),
            ("attributes", json(span.attributes)),
            ("droppedAttributesCount", count(span.dropped.attributes)),
            ("events", span.events.isEmpty ? nil : .array(span.events.map(json))),
            ("droppedEventsCount", count(span.dropped.events)),
            ("links", span.links.isEmpty ? nil : .array(span.links.map(json))),
            ("droppedLinksCount", count(span.dropped.links)),
            ("status", json(span.status)),
        ])
    }

    private static func json(_ event: FinishedSpan.Event) -> JSONText {
        .object([
            ("timeUnixNano", .string(String(event.at))), ("name", .string(event.name)),
            ("attributes", json(event.attributes)),
        ])
    }

    private static func json(_ link: FinishedSpan.Link) -> JSONText {
        .object([
            ("traceId", .string(link.context.traceID.text)),
            ("spanId", .string(link.context.spanText)),
            ("traceState", link.context.state.isEmpty ? nil : .string(link.context.state)),
            ("flags", .int(Int64(link.context.otlpFlags))),
            ("attributes", json(link.attributes)),
        ])
    }

    private static func json(_ status: FinishedSpan.Status) -> JSONText? {
        switch status {
        case .unset: nil
        case .ok: .object([("code", .int(1))])
        case .error(let message):
            .object([("message", message.isEmpty ? nil : .string(message)), ("code", .int(2))])
        }
    }

    private static func count(_ dropped: UInt32) -> JSONText? {
        dropped == 0 ? nil : .int(Int64(dropped))
    }

    private static func json(_ attributes: [FinishedSpan.Attribute]) -> JSONText? {
        guard !attributes.isEmpty else { return nil }
        return .array(attributes.map { .object([("key", .string($0.key)), ("value", json($0.value))]) })
    }

    private static func json(_ value: FinishedSpan.Value) -> JSONText {
        switch value {
        case .string(let text): .object([("stringValue", .string(text))])
        case .bool(let flag): .object([("boolValue", .bool(flag))])
        case .int(let number): .object([("intValue", .string(String(number)))])
        case .double(let number): .object([("doubleValue", JSONText(protobuf: number))])
        case .strings, .bools, .ints, .doubles:
            .object([("arrayValue", .object([("values", .array(value.elements.map(json)))]))])
        }
    }
}
