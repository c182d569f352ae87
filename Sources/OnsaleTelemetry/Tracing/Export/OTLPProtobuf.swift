import OnsaleCorrelation
import Tracing

/// OTLP's `ExportTraceServiceRequest` in Protocol Buffers. Field numbers are those of opentelemetry-proto 1.
enum OTLPProtobuf {
    static func request(_ spans: [FinishedSpan], resource: TraceResource) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) { resourceSpans in
            resourceSpans.message(1) { write(resource.attributes, field: 1, to: &$0) }
            resourceSpans.message(2) { scopeSpans in
                scopeSpans.message(1) { scope in
                    scope.string(1, TraceResource.scopeName)
                    scope.string(2, resource.version)
                }
                for span in spans {
                    scopeSpans.message(2) { write(span, to: &$0) }
                }
            }
        }
        return writer.bytes
    }

    private static func write(_ span: FinishedSpan, to writer: inout ProtobufWriter) {
        writer.id(1, span.context.traceID.high, span.context.traceID.low)
        writer.id(2, span.context.spanID)
        writer.string(3, span.context.state)
        if let parent = span.parent {
            writer.id(4, parent)
        }
        writer.string(5, span.name)
        writer.varint(6, span.kind.otlpNumber)
        writer.fixed64(7, span.start)
        writer.fixed64(8, span.end)
        write(span.attributes, field: 9, to: &writer)
        writer.varint(10, UInt64(span.dropped.attributes))
        for event in span.events {
            writer.message(11) { inner in
                inner.fixed64(1, event.at)
                inner.string(2, event.name)
                write(event.attributes, field: 3, to: &inner)
            }
        }
        writer.varint(12, UInt64(span.dropped.events))
        for link in span.links {
            writer.message(13) { inner in
                inner.id(1, link.context.traceID.high, link.context.traceID.low)
                inner.id(2, link.context.spanID)
                inner.string(3, link.context.state)
                write(link.attributes, field: 4, to: &inner)
                inner.fixed32(6, link.context.otlpFlags)
            }
        }
        writer.varint(14, UInt64(span.dropped.links))
        switch span.status {
        case .unset: break
        case .ok: writer.message(15) { $0.varint(3, 1) }
        case .error(let message):
            writer.message(15) { status in
                status.string(2, message)
                status.varint(3, 2)
            }
        }
        writer.fixed32(16, span.otlpFlags)
    }

    private static func write(
        _ attributes: [FinishedSpan.Attribute], field: UInt64, to writer: inout ProtobufWriter
    ) {
        for attribute in attributes {
            writer.message(field) { pair in
                pair.string(1, attribute.key)
                pair.message(2) { write(attribute.value, to: &$0) }
            }
        }
    }

    private static func write(_ value: FinishedSpan.Value, to writer: inout ProtobufWriter) {
        switch value {
        case .string(let text): writer.string(1, text, inOneof: true)
        case .bool(let flag): writer.varint(2, flag ? 1 : 0, inOneof: true)
        case .int(let number): writer.varint(3, UInt64(bitPattern: number), inOneof: true)
        case .double(let number): writer.fixed64(4, number.bitPattern, inOneof: true)
        case .strings, .bools, .ints, .doubles:
            writer.message(5) { array in
                for element in value.elements {
                    array.message(1) { write(element, to: &$0) }
                }
            }
        }
    }
}

extension FinishedSpan.Value {
    /// Of a list; empty for anything else.
    var elements: [FinishedSpan.Value] {
        switch self {
        case .strings(let values): values.map(FinishedSpan.Value.string)
        case .bools(let values): values.map(FinishedSpan.Value.bool)
        case .ints(let values): values.map(FinishedSpan.Value.int)
        case .doubles(let values): values.map(FinishedSpan.Value.double)
        case .string, .bool, .int, .double: []
        }
    }
}

extension SpanKind {
    var otlpNumber: UInt64 {
        switch self {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}

extension TraceContext {
    /// W3C's trace flags.
    var otlpFlags: UInt32 { isSampled ? 1 : 0 }
}

extension FinishedSpan {
    /// W3C's trace flags, then whether the parent is remote, and that this is known.
    var otlpFlags: UInt32 { context.otlpFlags | 0x100 | (isParentRemote ? 0x200 : 0) }
}
