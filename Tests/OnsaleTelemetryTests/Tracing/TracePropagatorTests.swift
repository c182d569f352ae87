import OnsaleCorrelation
import Seeded
import Testing
import Tracing

@testable import OnsaleTelemetry

struct TracePropagatorTests {
    /// Headers whose names mean the same in any case.
    private struct Headers: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key.lowercased()] }

        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
            carrier[key.lowercased()] = value
        }
    }

    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let span = "b7ad6b7169203331"

    private func extract(_ headers: [String: String], _ formats: TracePropagator.Format...) -> SpanParent {
        var context = InstrumentationContext.topLevel
        TracePropagator(formats).extract(headers, into: &context, using: Headers())
        return context.spanParent
    }

    @Test("A traceparent and its tracestate come through unchanged")
    func traceContext() throws {
        let headers = ["traceparent": "00-\(Self.trace)-\(Self.span)-01", "tracestate": "vendor=1,other=2"]
        var context = InstrumentationContext.topLevel
        let propagator = TracePropagator([.traceContext])
        propagator.extract(headers, into: &context, using: Headers())
        #expect(context.spanParent == .remote(context.traceContext, isSampled: true))
        var carrier: [String: String] = [:]
        propagator.inject(context, into: &carrier, using: Headers())
        #expect(carrier == headers)
    }

    @Test(
        "What isn't exactly one traceparent is none",
        arguments: [
            "", "00", "00-\(trace)-\(span)-01, 00-\(trace)-\(span)-01", "01-\(trace)-\(span)-01,01-\(trace)-\(span)-01",
            "00-\(trace.uppercased())-\(span)-01", "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-extra",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            "00-\(trace)-\(span)-0g",
            "00-\(trace)-\(span)-1", " 00-\(trace)-\(span)-01", "00_\(trace)_\(span)_01",
            "00-\u{ff10}af7651916cd43dd8448eb211c80319-\(span)-01", String(repeating: "0", count: 1 << 20),
        ])
    func noTraceContext(text: String) {
        #expect(extract(["traceparent": text], .traceContext) == .none)
    }

    @Test(
        "b3 in one header",
        arguments: [
            ("\(trace)-\(span)-1", trace, true as Bool?), ("\(trace)-\(span)-d", trace, true),
            ("\(trace)-\(span)-0", trace, false), ("\(trace)-\(span)", trace, nil),
            ("\(trace)-\(span)-1-05e3ac9a4f6e3b90", trace, true),
            ("\(trace.uppercased())-\(span.uppercased())-1", trace, true),
            ("8448eb211c80319c-\(span)-1", "00000000000000008448eb211c80319c", true),
        ])
    func b3(text: String, trace: String, isSampled: Bool?) {
        guard case .remote(let context?, let decision) = extract(["b3": text], .b3) else {
            Issue.record("not extracted")
            return
        }
        #expect(context.traceID.text == trace && context.spanText == Self.span)
        #expect(context.isSampled == (isSampled ?? false) && decision == isSampled)
    }

    @Test("b3 may decide without naming a trace", arguments: [("0", false), ("1", true), ("d", true)])
    func b3Decision(text: String, isSampled: Bool) {
        #expect(extract(["b3": text], .b3) == .remote(nil, isSampled: isSampled))
        let flags = text == "d" ? ["x-b3-flags": "1"] : ["x-b3-sampled": text]
        #expect(extract(flags, .b3Multi) == .remote(nil, isSampled: isSampled))
    }

    @Test(
        "What isn't b3 is none",
        arguments: [
            "", "-", "2", "D", "00", "\(trace)-", "\(trace)", "\(trace)-\(span)-2", "\(trace)-\(span)-",
            "\(trace)-\(span)-1-",
            "\(trace)-\(span)-1-xyz", "\(trace)-\(span)-1-\(span)-1", "0000000000000000-\(span)-1",
            "\(trace)-0000000000000000-1", "\(trace.dropLast())-\(span)-1", "\(trace)-\(span.dropLast())-1",
            "\(trace)-\(span)-1,\(trace)-\(span)-1", String(repeating: "-", count: 1 << 20),
        ])
    func noB3(text: String) {
        #expect(extract(["b3": text], .b3) == .none)
    }

    @Test("B3 in many headers, in either case, with old words for decisions")
    func b3Multi() throws {
        let ids = ["x-b3-traceid": Self.trace.uppercased(), "x-b3-spanid": Self.span]
        let context = try #require(TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-01"))
        for (header, value) in [("x-b3-sampled", "1"), ("x-b3-sampled", "true"), ("x-b3-flags", "1")] {
            #expect(extract(ids.merging([header: value]) { $1 }, .b3Multi) == .remote(context, isSampled: true))
        }
        let unsampled = TraceContext(traceID: context.traceID, spanID: context.spanID, isSampled: false)
        #expect(extract(ids, .b3Multi) == .remote(unsampled, isSampled: nil))
        #expect(
            extract(ids.merging(["x-b3-sampled": "false"]) { $1 }, .b3Multi) == .remote(unsampled, isSampled: false))
        #expect(extract(ids.merging(["x-b3-sampled": "yes"]) { $1 }, .b3Multi) == .none)
        #expect(extract(ids.merging(["x-b3-flags": "7"]) { $1 }, .b3Multi) == .none)
        #expect(extract(["x-b3-traceid": Self.trace, "x-b3-sampled": "1"], .b3Multi) == .none)
        #expect(extract(["x-b3-spanid": Self.span, "x-b3-sampled": "1"], .b3Multi) == .none)
    }

    @Test("The first valid format wins on the way in, and all go out")
    func several() throws {
        let other = "\(Self.trace.reversed().map(String.init).joined())-\(Self.span)-1"
        let headers = ["traceparent": "00-\(Self.trace)-\(Self.span)-01", "b3": other]
        #expect(extract(headers, .traceContext, .b3).context?.traceID.text == Self.trace)
        #expect(extract(headers, .b3, .traceContext).context?.traceID.text == other.prefix(32).description)
        #expect(extract(headers.merging(["b3": "x"]) { $1 }, .b3, .traceContext).context?.traceID.text == Self.trace)
        #expect(extract(headers) == .none)

        var context = InstrumentationContext.topLevel
        context.traceContext = try Sample.context()
        var carrier: [String: String] = [:]
        TracePropagator([.traceContext, .b3, .b3Multi]).inject(context, into: &carrier, using: Headers())
        #expect(
            carrier == [
                "traceparent": "00-\(Self.trace)-\(Self.span)-01", "b3": "\(Self.trace)-\(Self.span)-1",
                "x-b3-traceid": Self.trace, "x-b3-spanid": Self.span, "x-b3-sampled": "1",
            ])
    }

    @Test(
        "Mutated headers never crash, and what is taken goes out well-formed", arguments: 1...20 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let originals = [
            "traceparent": "00-\(Self.trace)-\(Self.span)-01", "tracestate": "a=1,b=2",
            "b3": "\(Self.trace)-\(Self.span)-1",
            "x-b3-traceid": Self.trace, "x-b3-spanid": Self.span, "x-b3-sampled": "1", "x-b3-flags": "0",
        ]
        for _ in 0..<500 {
            var headers: [String: String] = [:]
            for (name, text) in originals.sorted(by: { $0.key < $1.key }) where random.happens(0.7) {
                var bytes = Array(text.utf8)
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    let index = Int.random(in: 0...bytes.count, using: &random)
                    switch Int.random(in: 0...2, using: &random) {
                    case 0: bytes.insert(.random(in: 0...255, using: &random), at: index)
                    case 1 where index < bytes.count: bytes.remove(at: index)
                    default: bytes = Array(bytes.prefix(index))
                    }
                }
                headers[name] = String(decoding: bytes, as: UTF8.self)
            }
            for format in [TracePropagator.Format.traceContext, .b3, .b3Multi] {
                guard let context = extract(headers, format).context else { continue }
                #expect(TraceContext(traceparent: context.traceparent)?.traceID == context.traceID)
                #expect(context.spanID != 0)
            }
        }
    }
}
