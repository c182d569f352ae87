import Foundation
import NIOCore
import OnsaleCorrelation
import Synchronization
import Testing
import Tracing

@testable import OnsaleTelemetry

struct ExportFormatTests {
    private func rich() throws -> FinishedSpan {
        var dropped = FinishedSpan.Dropped()
        (dropped.attributes, dropped.events, dropped.links) = (1, 2, 3)
        return try Sample.span(
            parent: 0x00f0_67aa_0ba9_02b7, isParentRemote: true, kind: .server, start: 1_800_000_000_123_456_789,
            end: 1_800_000_000_123_999_999,
            attributes: [
                .init("bool", .bool(false)), .init("double", .double(0)), .init("error", .string("no status")),
                .init("int", .int(-1)), .init("list", .strings(["a", ""])), .init("numbers", .ints([1, 2])),
                .init("text", .string("")),
            ],
            events: [
                .init(name: "exception", at: 1_800_000_000_123_500_000, attributes: [.init("k", .string("v\"\n"))])
            ],
            links: [.init(context: Sample.context(state: "l=1"), attributes: [.init("k", .double(.nan))])],
            status: .error("declined"), state: "a=1", dropped: dropped)
    }

    // MARK: Protocol Buffers, read by hand

    /// Fields by number, in order.
    private func fields(_ bytes: ArraySlice<UInt8>) -> [(field: UInt64, value: ProtobufReader.Value)] {
        var reader = ProtobufReader(bytes)
        var fields: [(field: UInt64, value: ProtobufReader.Value)] = []
        while let field = reader.next() {
            fields.append(field)
        }
        return fields
    }

    private func messages(_ number: UInt64, in bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        fields(bytes).compactMap { field in
            if field.field == number, case .bytes(let bytes) = field.value { bytes } else { nil }
        }
    }

    private func text(_ number: UInt64, in bytes: ArraySlice<UInt8>) -> String? {
        messages(number, in: bytes).first.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Of the whole request, down to the one span.
    private func span(in request: [UInt8]) throws -> ArraySlice<UInt8> {
        let resourceSpans = try #require(messages(1, in: request[...]).first)
        let scopeSpans = try #require(messages(2, in: resourceSpans).first)
        return try #require(messages(2, in: scopeSpans).first)
    }

    @Test("Wire types are what the encoding's own examples say")
    func wire() {
        var writer = ProtobufWriter()
        writer.varint(1, 150)
        writer.string(2, "testing")
        writer.varint(3, 0)
        writer.fixed32(4, 1)
        writer.fixed64(16, 2)
        writer.id(5, 0x0102_0304_0506_0708)
        #expect(
            writer.bytes == [0x08, 0x96, 0x01, 0x12, 0x07] + Array("testing".utf8) + [0x25, 1, 0, 0, 0]
                + [0x81, 0x01, 2, 0, 0, 0, 0, 0, 0, 0] + [0x2a, 8, 1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test("A request names its resource and scope")
    func envelope() throws {
        let request = OTLPProtobuf.request([try Sample.span()], resource: Sample.resource)
        let resourceSpans = try #require(messages(1, in: request[...]).first)
        let resource = try #require(messages(1, in: resourceSpans).first)
        let keys = messages(1, in: resource).map { text(1, in: $0) }
        #expect(keys == Sample.resource.attributes.map(\.key))
        let scopeSpans = try #require(messages(2, in: resourceSpans).first)
        let scope = try #require(messages(1, in: scopeSpans).first)
        #expect(text(1, in: scope) == "onsale" && text(2, in: scope) == "1.2.3")
        #expect(messages(2, in: scopeSpans).count == 1)
    }

    @Test("A span has all its fields in Protocol Buffers")
    func protobuf() throws {
        let span = try span(in: OTLPProtobuf.request([try rich()], resource: Sample.resource))
        func number(_ field: UInt64) -> UInt64? {
            fields(span).first { $0.field == field }.flatMap { found in
                switch found.value {
                case .varint(let value), .fixed64(let value): value
                case .fixed32(let value): UInt64(value)
                case .bytes: nil
                }
            }
        }
        func hex(_ bytes: ArraySlice<UInt8>?) -> String? { bytes?.map { String($0, radix: 16).leftPadded }.joined() }
        #expect(hex(messages(1, in: span).first) == "0af7651916cd43dd8448eb211c80319c")
        #expect(hex(messages(2, in: span).first) == "b7ad6b7169203331")
        #expect(text(3, in: span) == "a=1")
        #expect(hex(messages(4, in: span).first) == "00f067aa0ba902b7")
        #expect(text(5, in: span) == "journal.wait")
        #expect(number(6) == 2)
        #expect(number(7) == 1_800_000_000_123_456_789 && number(8) == 1_800_000_000_123_999_999)
        #expect(number(10) == 1 && number(12) == 2 && number(14) == 3)
        #expect(number(16) == 0x301)
        // Presence in a oneof: false, 0, -1 and "" are all written.
        let values = messages(9, in: span).map { Array(messages(2, in: $0).first ?? []) }
        #expect(values[0] == [0x10, 0])
        #expect(values[1] == [0x21, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(values[3] == [0x18] + Array(repeating: 0xff, count: 9) + [0x01])
        #expect(values[4] == [0x2a, 9, 0x0a, 3, 0x0a, 1, 0x61, 0x0a, 2, 0x0a, 0])
        #expect(values[5] == [0x2a, 8, 0x0a, 2, 0x18, 1, 0x0a, 2, 0x18, 2])
        #expect(values[6] == [0x0a, 0])
        let event = try #require(messages(11, in: span).first)
        #expect(text(2, in: event) == "exception" && messages(3, in: event).count == 1)
        let link = try #require(messages(13, in: span).first)
        #expect(hex(messages(2, in: link).first) == "b7ad6b7169203331" && text(3, in: link) == "l=1")
        let status = try #require(messages(15, in: span).first)
        #expect(Array(status) == [0x12, 8] + Array("declined".utf8) + [0x18, 2])
    }

    @Test("A bare span leaves out what it doesn't have")
    func bare() throws {
        let span = try span(in: OTLPProtobuf.request([try Sample.span()], resource: Sample.resource))
        #expect(fields(span).map(\.field) == [1, 2, 5, 6, 7, 8, 16])
    }

    // MARK: JSON

    @Test("OTLP's JSON has hex IDs, strings for 64 bits and numbers for enums")
    func otlpJSON() throws {
        let bytes = OTLPJSON.request([try rich()], resource: Sample.resource)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix(#"{"resourceSpans":[{"resource":{"attributes":[{"key":"host.name","value":"#))
        let span = try #require(text.range(of: #""spans":["#).map { text[$0.upperBound...] })
        #expect(
            String(span) == #"""
                {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","traceState":"a=1",\#
                "parentSpanId":"00f067aa0ba902b7","flags":769,"name":"journal.wait","kind":2,\#
                "startTimeUnixNano":"1800000000123456789","endTimeUnixNano":"1800000000123999999","attributes":[\#
                {"key":"bool","value":{"boolValue":false}},{"key":"double","value":{"doubleValue":0.0}},\#
                {"key":"error","value":{"stringValue":"no status"}},{"key":"int","value":{"intValue":"-1"}},\#
                {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":""}]}}},\#
                {"key":"numbers","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}},\#
                {"key":"text","value":{"stringValue":""}}],"droppedAttributesCount":1,\#
                "events":[{"timeUnixNano":"1800000000123500000","name":"exception",\#
                "attributes":[{"key":"k","value":{"stringValue":"v\"\u000a"}}]}],"droppedEventsCount":2,\#
                "links":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","traceState":"l=1",\#
                "flags":1,"attributes":[{"key":"k","value":{"doubleValue":"NaN"}}]}],"droppedLinksCount":3,\#
                "status":{"message":"declined","code":2}}]}]}]}
                """#)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(bytes)) }
    }

    @Test("Zipkin's JSON has microseconds, text tags, and an error where the status says so")
    func zipkin() throws {
        let text = ZipkinExporter.json(try rich(), serviceName: "box-office").text
        #expect(
            text == #"""
                {"traceId":"0af7651916cd43dd8448eb211c80319c","id":"b7ad6b7169203331","parentId":"00f067aa0ba902b7",\#
                "kind":"SERVER","name":"journal.wait","timestamp":1800000000123456,"duration":543,\#
                "localEndpoint":{"serviceName":"box-office"},\#
                "annotations":[{"timestamp":1800000000123500,"value":"\"exception\": {\"k\":\"v\\\"\\u000a\"}"}],\#
                "tags":{"bool":"false","double":"0.0","int":"-1","list":"[\"a\",\"\"]","numbers":"[1,2]","text":"",\#
                "otel.scope.name":"onsale","otel.status_code":"ERROR","error":"declined",\#
                "otel.dropped_attributes_count":"1","otel.dropped_events_count":"2","otel.dropped_links_count":"3"}}
                """#)
    }

    @Test("Zipkin leaves out an internal kind, and no span takes less than a microsecond")
    func zipkinBare() throws {
        let text = ZipkinExporter.json(try Sample.span(start: 5000, end: 5001), serviceName: "s").text
        #expect(
            text == #"""
                {"traceId":"0af7651916cd43dd8448eb211c80319c","id":"b7ad6b7169203331","name":"journal.wait",\#
                "timestamp":5,"duration":1,"localEndpoint":{"serviceName":"s"},"tags":{"otel.scope.name":"onsale"}}
                """#)
        let client = try Sample.span(
            kind: .client, attributes: [.init("server.address", .string("pay.example"))], status: .ok)
        let called = ZipkinExporter.json(client, serviceName: "s").text
        #expect(called.contains(#""kind":"CLIENT""#) && called.contains(#""otel.status_code":"OK""#))
        #expect(called.contains(#""remoteEndpoint":{"serviceName":"pay.example"}"#))
    }

    @Test("Zipkin is sent an array, to the endpoint as given, and tried again like OTLP")
    func zipkinDelivery() async throws {
        let collector = ScriptedCollector([.lost, .status(202)])
        let settings = TraceSettings(environment: ["OTEL_EXPORTER_ZIPKIN_ENDPOINT": "http://z:9411/own"]).zipkin
        let exporter = ZipkinExporter(
            settings: settings, resource: Sample.resource, transport: collector, sleep: collector.sleep)
        let spans = [try Sample.span(), try Sample.span()]
        #expect(await exporter.export(spans) == .accepted(rejected: 0, message: ""))
        let request = try #require(collector.requests.withLock { $0.last })
        #expect(request.url == "http://z:9411/own")
        let sent = try JSONSerialization.jsonObject(with: Data(request.body.readableBytesView))
        #expect((sent as? [Any])?.count == 2)
    }

    @Test("The console gets a line a span, whatever is in it")
    func console() throws {
        let line = ConsoleExporter.line(try rich())
        #expect(line.hasPrefix("span 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 00f067aa0ba902b7 server 543us"))
        #expect(!line.contains("\n"))
    }

    @Test("Any string is valid JSON")
    func strings() throws {
        let text = String(String.UnicodeScalarView((0...0x2fff).compactMap(Unicode.Scalar.init)))
        let bytes = JSONText.array([.string(text), .double(1e300), .double(-0.1), .int(.min)]).bytes
        let read = try JSONDecoder().decode([JSONPart].self, from: Data(bytes))
        #expect(read == [.text(text), .number(1e300), .number(-0.1), .number(Double(Int64.min))])
    }

    private enum JSONPart: Decodable, Equatable {
        case text(String)
        case number(Double)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self = try (try? .text(container.decode(String.self))) ?? .number(container.decode(Double.self))
        }
    }
}

extension String {
    fileprivate var leftPadded: String { count < 2 ? "0" + self : self }
}
