import CoreMetrics
import OnsaleCorrelation
import Testing
import Tracing

@testable import OnsaleTelemetry

struct ExpositionTests {
    private let registry = MetricRegistry(catalog: [
        MetricDescriptor(.counter, "a_total", "Orders, \"placed\"\nor \\ not."),
        MetricDescriptor(.gauge, "b_bytes", "Room."),
        MetricDescriptor(.histogram, "c_seconds", "How long.", buckets: [0.0005, 1, 2.5]),
    ])

    private func text(_ format: ExpositionFormat) -> String {
        String(decoding: registry.exposition(format), as: UTF8.self)
    }

    /// Runs `body` as work in a trace.
    private func traced(sampled: Bool, _ body: () -> Void) throws {
        var context = InstrumentationContext.topLevel
        context.traceContext = try Sample.context(sampled: sampled)
        context.isRecorded = sampled
        InstrumentationContext.withValue(context) { body() }
    }

    private func record() {
        let orders = registry.makeCounter(
            label: "a_total", dimensions: [("state", "placed"), ("event", "o\"p\\e\nra")])
        orders.increment(by: 3)
        registry.makeCounter(label: "a_total", dimensions: [("state", "placed"), ("event", "gala")]).increment(by: 1)
        registry.makeMeter(label: "b_bytes", dimensions: []).set(0.25)
        let durations = registry.makeRecorder(label: "c_seconds", dimensions: [("step", "x")], aggregate: true)
        for value in [0.0005, 0.5, 2.5, 3.0] { durations.record(value) }
    }

    @Test("The text format, character by character")
    func textFormat() {
        record()
        #expect(
            text(.text) == #"""
                # HELP a_total Orders, "placed"\nor \\ not.
                # TYPE a_total counter
                a_total{event="gala",state="placed"} 1
                a_total{event="o\"p\\e\nra",state="placed"} 3
                # HELP b_bytes Room.
                # TYPE b_bytes gauge
                b_bytes 0.25
                # HELP c_seconds How long.
                # TYPE c_seconds histogram
                c_seconds_bucket{step="x",le="0.0005"} 1
                c_seconds_bucket{step="x",le="1.0"} 2
                c_seconds_bucket{step="x",le="2.5"} 3
                c_seconds_bucket{step="x",le="+Inf"} 4
                c_seconds_sum{step="x"} 6.0005
                c_seconds_count{step="x"} 4
                # HELP onsale_metric_series_dropped_total Series dropped because a metric had too many of them.
                # TYPE onsale_metric_series_dropped_total counter
                onsale_metric_series_dropped_total 0

                """#)
    }

    @Test("OpenMetrics: families without _total, quotation marks escaped in helps, and an end")
    func openMetrics() {
        record()
        #expect(
            text(.openMetrics) == #"""
                # HELP a Orders, \"placed\"\nor \\ not.
                # TYPE a counter
                a_total{event="gala",state="placed"} 1
                a_total{event="o\"p\\e\nra",state="placed"} 3
                # HELP b_bytes Room.
                # TYPE b_bytes gauge
                b_bytes 0.25
                # HELP c_seconds How long.
                # TYPE c_seconds histogram
                c_seconds_bucket{step="x",le="0.0005"} 1
                c_seconds_bucket{step="x",le="1.0"} 2
                c_seconds_bucket{step="x",le="2.5"} 3
                c_seconds_bucket{step="x",le="+Inf"} 4
                c_seconds_sum{step="x"} 6.0005
                c_seconds_count{step="x"} 4
                # HELP onsale_metric_series_dropped Series dropped because a metric had too many of them.
                # TYPE onsale_metric_series_dropped counter
                onsale_metric_series_dropped_total 0
                # EOF

                """#)
    }

    @Test(
        "Numbers are written as Prometheus reads them",
        arguments: [
            (0, "0"), (-0.0, "0"), (7, "7"), (-7, "-7"), (0.1, "0.1"), (1e14, "100000000000000"),
            (1e15, "1000000000000000.0"), (1e17, "1e+17"),
            (1.5e300, "1.5e+300"), (1e-300, "1e-300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)])
    func numbers(value: Double, written: String) {
        registry.makeMeter(label: "b_bytes", dimensions: []).set(value)
        #expect(text(.text).contains("\nb_bytes \(written)\n"))
    }

    @Test("Exemplars name the sampled span, on counters and buckets, in OpenMetrics alone")
    func exemplars() throws {
        try traced(sampled: true, record)
        let span = #"# {span_id="b7ad6b7169203331",trace_id="0af7651916cd43dd8448eb211c80319c"}"#
        #expect(!text(.text).contains("# {"))
        let lines = text(.openMetrics).split(separator: "\n").filter { $0.contains("# {") }
        // Each names what was added or observed last.
        let named = lines.map { $0.split(separator: " ").dropLast().joined(separator: " ") }
        #expect(
            named == [
                #"a_total{event="gala",state="placed"} 1 \#(span) 1"#,
                #"a_total{event="o\"p\\e\nra",state="placed"} 3 \#(span) 3"#,
                #"c_seconds_bucket{step="x",le="0.0005"} 1 \#(span) 0.0005"#,
                #"c_seconds_bucket{step="x",le="1.0"} 2 \#(span) 0.5"#,
                #"c_seconds_bucket{step="x",le="2.5"} 3 \#(span) 2.5"#,
                #"c_seconds_bucket{step="x",le="+Inf"} 4 \#(span) 3"#,
            ])
        let reader = try ExpositionReader(registry.exposition(.openMetrics), .openMetrics)
        for exemplar in reader.families.flatMap(\.samples).compactMap(\.exemplar) {
            // Some time after this was written, and in seconds.
            #expect((1.79e9..<1e11).contains(exemplar.at))
        }
    }

    @Test("Work that isn't sampled leaves no exemplar, and takes none away")
    func unsampled() throws {
        record()
        try traced(sampled: false, record)
        #expect(!text(.openMetrics).contains("# {"))
        try traced(sampled: true, record)
        let before = text(.openMetrics).split(separator: "\n").count { $0.contains("# {") }
        record()
        #expect(text(.openMetrics).split(separator: "\n").count { $0.contains("# {") } == before)
        #expect(before == 6)
    }

    @Test(
        "A scraper gets the form that it prefers, and text if it says nothing that makes sense",
        arguments: [
            (nil, false), ("", false), ("*/*", false), ("text/plain", false), ("application/json", false),
            ("application/openmetrics-text", true),
            ("application/openmetrics-text;version=1.0.0", true),
            ("application/openmetrics-text; version=\"1.0.0\"; charset=utf-8", true),
            ("Application/OpenMetrics-Text; Version=\"1.0.0\"", true),
            ("application/openmetrics-text;version=0.0.1", true),
            ("application/openmetrics-text;version=2.0.0", false),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;q=0,*/*;q=0", false),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.4", true),
            ("application/openmetrics-text;q=0.5,text/plain;version=0.0.4;q=0.5", true),
            ("text/plain;q=0.9,application/openmetrics-text;q=0.8", false),
            ("text/plain;q=0.2 , application/openmetrics-text ; q=0.3", true),
            // As Prometheus asks.
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                    + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,"
                    + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", true
            ),
            (",,;;,=;q=", false), ("application/openmetrics-text;q=nan", false),
            ("application/openmetrics-text;q=many", false), ("application/openmetrics-text;q=-1", false),
            ("application/*", false), ("application/openmetrics-text-not", false), ("\u{0}\u{fffd}\"", false),
            (String(repeating: "a,", count: 3000) + "application/openmetrics-text", false),
            (String(repeating: ";", count: 4000), false),
        ] as [(String?, Bool)])
    func negotiates(accept: String?, isOpenMetrics: Bool) {
        #expect((ExpositionFormat(accept: accept) == .openMetrics) == isOpenMetrics, "\(accept?.prefix(80) ?? "")")
    }

    @Test("Each form says what it is")
    func contentTypes() {
        #expect(ExpositionFormat.text.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            ExpositionFormat.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    }
}
