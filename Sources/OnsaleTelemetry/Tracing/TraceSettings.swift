/// What the environment says about traces, in OpenTelemetry's variables.
/// <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>
/// <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>
///
/// What means nothing is a warning and the default. Warnings name variables and never tell values, some of which are
/// secret.
package struct TraceSettings: Sendable, Equatable {
    package enum Exporter: String, CaseIterable, Sendable {
        case otlp, zipkin, console
    }

    package struct OTLP: Sendable, Equatable {
        package enum Encoding: String, CaseIterable, Sendable {
            case protobuf = "http/protobuf"
            case json = "http/json"
        }

        /// The whole address that spans are posted to.
        package var url = "http://localhost:4318/v1/traces"
        package var encoding = Encoding.protobuf
        /// Sent with every request; may be secret.
        package var headers: [EnvironmentReader.Pair] = []
        package var timeoutMilliseconds: Int64 = 10_000
    }

    package struct Zipkin: Sendable, Equatable {
        package var url = "http://localhost:9411/api/v2/spans"
        package var timeoutMilliseconds: Int64 = 10_000
    }

    package struct Sampler: Sendable, Equatable {
        package var root = SpanSampler.Rule.always
        package var isParentBased = true
    }

    /// How spans are gathered for export.
    package struct Batches: Sendable, Equatable {
        package var delayMilliseconds: Int64 = 5000
        package var queueSpansMax = 2048
        package var batchSpansMax = 512
        package var exportMilliseconds: Int64 = 30_000
    }

    /// Where spans go; none: nothing is recorded.
    package private(set) var exporters: [Exporter] = []
    package private(set) var otlp = OTLP()
    package private(set) var zipkin = Zipkin()
    package private(set) var sampler = Sampler()
    /// In order of precedence. They work even when nothing is recorded.
    package private(set) var propagators: [TracePropagator.Format] = [.traceContext]
    package private(set) var batches = Batches()
    package private(set) var serviceName = "onsale"
    /// Those of OTEL_RESOURCE_ATTRIBUTES but service.name.
    package private(set) var resource: [EnvironmentReader.Pair] = []
    package private(set) var warnings: [String] = []

    package init(environment: [String: String]) {
        var reader = EnvironmentReader(environment)
        readResource(&reader)
        readExporters(&reader)
        readOTLP(&reader)
        zipkin.url = reader.url("OTEL_EXPORTER_ZIPKIN_ENDPOINT") ?? zipkin.url
        zipkin.timeoutMilliseconds = reader.milliseconds("OTEL_EXPORTER_ZIPKIN_TIMEOUT", or: zipkin.timeoutMilliseconds)
        readSampler(&reader)
        readPropagators(&reader)
        readBatches(&reader)
        if reader.isTrue("OTEL_SDK_DISABLED") {
            exporters = []
        }
        warnings = reader.warnings
    }

    private mutating func readResource(_ reader: inout EnvironmentReader) {
        resource = reader.pairs("OTEL_RESOURCE_ATTRIBUTES") ?? []
        let named = resource.last { $0.key == "service.name" && !$0.value.isEmpty }
        resource.removeAll { $0.key == "service.name" }
        serviceName = reader["OTEL_SERVICE_NAME"] ?? named?.value ?? serviceName
    }

    private mutating func readExporters(_ reader: inout EnvironmentReader) {
        let name = "OTEL_TRACES_EXPORTER"
        var wanted: [Exporter] = []
        if reader["OTEL_EXPORTER_OTLP_ENDPOINT"] != nil || reader["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] != nil {
            wanted.append(.otlp)
        }
        if reader["OTEL_EXPORTER_ZIPKIN_ENDPOINT"] != nil {
            wanted.append(.zipkin)
        }
        exporters = reader.list(name, of: Exporter.init(rawValue:)) ?? wanted
    }

    private mutating func readOTLP(_ reader: inout EnvironmentReader) {
        if let url = reader.url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            otlp.url = url
        } else if let base = reader.url("OTEL_EXPORTER_OTLP_ENDPOINT") {
            otlp.url = base + (base.hasSuffix("/") ? "v1/traces" : "/v1/traces")
        }
        otlp.encoding =
            reader.choice("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", of: OTLP.Encoding.init(rawValue:))
            ?? reader.choice("OTEL_EXPORTER_OTLP_PROTOCOL", of: OTLP.Encoding.init(rawValue:)) ?? otlp.encoding
        otlp.headers =
            reader.headers("OTEL_EXPORTER_OTLP_TRACES_HEADERS") ?? reader.headers("OTEL_EXPORTER_OTLP_HEADERS") ?? []
        otlp.timeoutMilliseconds = reader.milliseconds(
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
            or: reader.milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", or: otlp.timeoutMilliseconds))
    }

    private mutating func readSampler(_ reader: inout EnvironmentReader) {
        let usual = sampler
        sampler =
            reader.choice("OTEL_TRACES_SAMPLER") { word in
                let parentBased = "parentbased_"
                let isParentBased = word.hasPrefix(parentBased)
                switch isParentBased ? String(word.dropFirst(parentBased.count)) : word {
                case "always_on": return Sampler(root: .always, isParentBased: isParentBased)
                case "always_off": return Sampler(root: .never, isParentBased: isParentBased)
                case "traceidratio": return Sampler(root: .ratio(1), isParentBased: isParentBased)
                default: return nil
                }
            } ?? usual
        if case .ratio = sampler.root {
            sampler.root = .ratio(reader.fraction("OTEL_TRACES_SAMPLER_ARG", or: 1))
        }
    }

    private mutating func readPropagators(_ reader: inout EnvironmentReader) {
        // Baggage carries what nobody here reads.
        let formats = reader.list("OTEL_PROPAGATORS") { word -> TracePropagator.Format?? in
            word == "baggage" ? .some(nil) : TracePropagator.Format(rawValue: word).map { .some($0) }
        }
        propagators = formats?.compactMap { $0 } ?? propagators
    }

    private mutating func readBatches(_ reader: inout EnvironmentReader) {
        let usual = batches
        batches.delayMilliseconds = reader.milliseconds("OTEL_BSP_SCHEDULE_DELAY", or: usual.delayMilliseconds)
        batches.exportMilliseconds = reader.milliseconds("OTEL_BSP_EXPORT_TIMEOUT", or: usual.exportMilliseconds)
        batches.queueSpansMax = Int(
            reader.number("OTEL_BSP_MAX_QUEUE_SIZE", in: 1...65_536, or: Int64(usual.queueSpansMax)))
        let usualBatch = min(usual.batchSpansMax, batches.queueSpansMax)
        batches.batchSpansMax = Int(
            reader.number(
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", in: 1...Int64(batches.queueSpansMax), or: Int64(usualBatch)))
    }
}
