import Testing

@testable import OnsaleTelemetry

struct TraceSettingsTests {
    @Test("Without variables nothing is exported, and every default is the specification's")
    func defaults() {
        let settings = TraceSettings(environment: [:])
        #expect(settings.exporters == [])
        #expect(settings.otlp == TraceSettings.OTLP())
        #expect(settings.otlp.url == "http://localhost:4318/v1/traces")
        #expect(settings.zipkin.url == "http://localhost:9411/api/v2/spans")
        #expect(settings.sampler == TraceSettings.Sampler(root: .always, isParentBased: true))
        #expect(settings.propagators == [.traceContext])
        #expect(settings.batches == TraceSettings.Batches())
        #expect(settings.serviceName == "onsale")
        #expect(settings.warnings == [])
    }

    @Test(
        "An endpoint alone chooses its exporter",
        arguments: [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", TraceSettings.Exporter.otlp),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", .otlp),
            ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", .zipkin),
        ])
    func endpointChooses(name: String, exporter: TraceSettings.Exporter) {
        let settings = TraceSettings(environment: [name: "http://collector:1234"])
        #expect(settings.exporters == [exporter])
        #expect(TraceSettings(environment: [name: "http://c:1", "OTEL_TRACES_EXPORTER": "none"]).exporters == [])
        #expect(TraceSettings(environment: [name: "http://c:1", "OTEL_SDK_DISABLED": "TRUE"]).exporters == [])
        #expect(TraceSettings(environment: [name: "  "]).exporters == [])
    }

    @Test(
        "Exporters are a list of known words, each once",
        arguments: [
            ("otlp", [TraceSettings.Exporter.otlp], 0), ("zipkin, OTLP,zipkin", [.zipkin, .otlp], 0), ("none", [], 0),
            ("console,none", [.console], 1), ("jaeger", [], 1), ("otlp,jaeger", [.otlp], 1), ("", [], 0),
        ])
    func exporters(text: String, exporters: [TraceSettings.Exporter], warnings: Int) {
        let settings = TraceSettings(environment: ["OTEL_TRACES_EXPORTER": text])
        #expect(settings.exporters == exporters)
        #expect(settings.warnings.count == warnings)
    }

    @Test(
        "The general OTLP endpoint gets the path of traces, the one for traces is taken as it is",
        arguments: [
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"], "http://c:4318/v1/traces"),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "https://c/otlp/"], "https://c/otlp/v1/traces"),
            (["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/x"], "http://c:4318/x"),
            (
                ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b/"],
                "http://b/"
            ),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"], "http://localhost:4318/v1/traces"),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://c"], "http://localhost:4318/v1/traces"),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:99999"], "http://localhost:4318/v1/traces"),
        ])
    func endpoints(environment: [String: String], url: String) {
        #expect(TraceSettings(environment: environment).otlp.url == url)
    }

    @Test("Variables for traces go before the general ones")
    func precedence() {
        let settings = TraceSettings(environment: [
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "HTTP/JSON",
            "OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "b=2",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "2",
        ])
        #expect(settings.otlp.encoding == .json)
        #expect(settings.otlp.headers == [.init("b", "2")])
        #expect(settings.otlp.timeoutMilliseconds == 2)
        #expect(settings.warnings == [])
    }

    @Test(
        "Headers are percent-decoded; one that HTTP can't carry voids all, and its value stays secret",
        arguments: [
            (
                "Authorization=Basic%20c2VjcmV0, x-scope = a=b ,",
                [("Authorization", "Basic c2VjcmV0"), ("x-scope", "a=b")]
            ),
            ("a=%0d%0ahost:%20evil", []), ("a b=secret", []), ("secret", []), ("a=%zz", []), ("=secret", []),
        ])
    func headers(text: String, pairs: [(String, String)]) {
        let settings = TraceSettings(environment: ["OTEL_EXPORTER_OTLP_HEADERS": text])
        #expect(settings.otlp.headers == pairs.map { EnvironmentReader.Pair($0.0, $0.1) })
        #expect(settings.warnings.count == (pairs.isEmpty ? 1 : 0))
        #expect(!settings.warnings.joined().contains("secret"))
    }

    @Test(
        "Samplers and their share",
        arguments: [
            ("always_on", "", SpanSampler.Rule.always, false, 0), ("ALWAYS_OFF", "", .never, false, 0),
            ("traceidratio", "0.25", .ratio(0.25), false, 0), ("traceidratio", "", .ratio(1), false, 0),
            ("parentbased_always_on", "", .always, true, 0), ("parentbased_always_off", "0.5", .never, true, 0),
            ("parentbased_traceidratio", "0", .ratio(0), true, 0),
            ("parentbased_traceidratio", "1.5", .ratio(1), true, 1),
            ("traceidratio", "nan", .ratio(1), false, 1), ("traceidratio", "-0.1", .ratio(1), false, 1),
            ("jaeger_remote", "", .always, true, 1), ("parentbased_", "", .always, true, 1),
        ])
    func samplers(name: String, argument: String, rule: SpanSampler.Rule, isParentBased: Bool, warnings: Int) {
        let settings = TraceSettings(
            environment: ["OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": argument])
        #expect(settings.sampler == TraceSettings.Sampler(root: rule, isParentBased: isParentBased))
        #expect(settings.warnings.count == warnings)
    }

    @Test(
        "Propagators keep their order; baggage is nothing to us",
        arguments: [
            ("b3,tracecontext", [TracePropagator.Format.b3, .traceContext], 0), ("none", [], 0), ("baggage", [], 0),
            ("tracecontext,baggage", [.traceContext], 0), ("b3multi", [.b3Multi], 0), ("xray", [.traceContext], 1),
        ])
    func propagators(text: String, formats: [TracePropagator.Format], warnings: Int) {
        let settings = TraceSettings(environment: ["OTEL_PROPAGATORS": text])
        #expect(settings.propagators == formats)
        #expect(settings.warnings.count == warnings)
    }

    @Test(
        "Numbers that mean nothing or are out of range leave the default, with a warning that names them",
        arguments: [
            "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "OTEL_BSP_EXPORT_TIMEOUT",
            "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_ZIPKIN_TIMEOUT",
        ])
    func numbers(name: String) throws {
        for text in ["0", "-1", "5s", "1e3", "99999999999999999999", "9999999"] {
            let settings = TraceSettings(environment: [name: text])
            #expect(settings.batches == TraceSettings.Batches())
            #expect(settings.otlp.timeoutMilliseconds == 10_000 && settings.zipkin.timeoutMilliseconds == 10_000)
            #expect(settings.warnings.count == 1 && settings.warnings[0].hasPrefix(name))
        }
    }

    @Test("A batch is never larger than the queue")
    func batches() {
        let small = TraceSettings(environment: ["OTEL_BSP_MAX_QUEUE_SIZE": "100"])
        #expect(small.batches.batchSpansMax == 100 && small.warnings == [])
        let wrong = TraceSettings(environment: [
            "OTEL_BSP_MAX_QUEUE_SIZE": "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "101",
        ])
        #expect(wrong.batches.batchSpansMax == 100 && wrong.warnings.count == 1)
        let own = TraceSettings(environment: ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "7", "OTEL_BSP_SCHEDULE_DELAY": "20"])
        #expect(own.batches.batchSpansMax == 7 && own.batches.delayMilliseconds == 20)
    }

    @Test("The service's name: its own variable, then the resource's, then onsale")
    func serviceName() {
        let attributes = "service.name=hall%2C%20west,deployment.environment=test"
        let named = TraceSettings(environment: ["OTEL_RESOURCE_ATTRIBUTES": attributes])
        #expect(named.serviceName == "hall, west")
        #expect(named.resource == [.init("deployment.environment", "test")])
        let own = TraceSettings(environment: ["OTEL_RESOURCE_ATTRIBUTES": attributes, "OTEL_SERVICE_NAME": "own"])
        #expect(own.serviceName == "own")
        let wrong = TraceSettings(environment: ["OTEL_RESOURCE_ATTRIBUTES": "service.name=a,b"])
        #expect(wrong.serviceName == "onsale" && wrong.warnings.count == 1)
    }

    @Test("The resource names this process; the environment may correct it, but not call us another SDK")
    func resource() {
        let settings = TraceSettings(environment: [
            "OTEL_RESOURCE_ATTRIBUTES": "host.name=door-1,telemetry.sdk.name=other,zone=a"
        ])
        let resource = TraceResource(settings: settings, version: "1.2.3")
        let values = Dictionary(uniqueKeysWithValues: resource.attributes.map { ($0.key, $0.value) })
        #expect(values["service.name"] == .string("onsale"))
        #expect(values["service.version"] == .string("1.2.3"))
        #expect(values["host.name"] == .string("door-1"))
        #expect(values["zone"] == .string("a"))
        #expect(values["telemetry.sdk.name"] == .string("onsale"))
        #expect(values["telemetry.sdk.language"] == .string("swift"))
        guard case .int(let pid)? = values["process.pid"] else { return #expect(Bool(false)) }
        #expect(pid > 0)
        #expect(values["service.instance.id"] != nil)
    }
}
