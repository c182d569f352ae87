import OnsaleCorrelation

/// How metrics are written for Prometheus.
///
/// Text format 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>. OpenMetrics 1.0:
/// <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>. Only OpenMetrics has exemplars.
package enum ExpositionFormat: Sendable {
    case text
    case openMetrics

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format that an `Accept` field prefers (RFC 9110, 12.5.1); text unless OpenMetrics is asked for by name.
    package init(accept: String?) {
        var (openMetrics, text) = (0.0, 0.0)
        for range in (accept ?? "").utf8.count > 4096 ? [] : (accept ?? "").split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { !" \t\"".contains($0) }.lowercased() }
            guard let type = parts.first else { continue }
            let quality = parts.first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            let version = parts.first { $0.hasPrefix("version=") }?.dropFirst("version=".count)
            switch type {
            case "application/openmetrics-text" where version == nil || version == "1.0.0" || version == "0.0.1":
                openMetrics = max(openMetrics, quality)
            case "text/plain", "text/*", "*/*": text = max(text, quality)
            default: break
            }
        }
        self = openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
    }
}

extension MetricRegistry {
    /// All metrics, as UTF-8.
    package func exposition(_ format: ExpositionFormat) -> [UInt8] {
        var writer = ExpositionWriter(format)
        for family in snapshot() { writer.write(family) }
        return writer.finish()
    }
}

private struct ExpositionWriter {
    private let format: ExpositionFormat
    private var bytes: [UInt8] = []

    init(_ format: ExpositionFormat) {
        self.format = format
        bytes.reserveCapacity(1 << 17)
    }

    mutating func finish() -> [UInt8] {
        if format == .openMetrics { bytes += "# EOF\n".utf8 }
        return bytes
    }

    mutating func write(_ family: MetricRegistry.Family) {
        let descriptor = family.descriptor
        let name = format == .openMetrics ? descriptor.family : descriptor.name
        bytes += "# HELP \(name) ".utf8
        // OpenMetrics escapes the quotation mark here, too.
        escape(descriptor.help, quotes: format == .openMetrics)
        bytes += "\n# TYPE \(name) \(descriptor.kind.rawValue)\n".utf8
        for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
            switch series {
            case .counter(let counter):
                let (value, exemplar) = counter.value
                write(descriptor.name, labels, nil, value, exemplar)
            case .gauge(let gauge): write(descriptor.name, labels, nil, gauge.value, nil)
            case .histogram(let histogram): write(descriptor, labels, histogram.snapshot)
            }
        }
    }

    private mutating func write(
        _ descriptor: MetricDescriptor, _ labels: Labels, _ snapshot: HistogramSeries.Snapshot
    ) {
        var count: UInt64 = 0
        for (index, own) in snapshot.counts.enumerated() {
            count += own
            let bound = index < descriptor.buckets.count ? descriptor.buckets[index] : .infinity
            write(
                descriptor.name + "_bucket", labels, ExpositionWriter.number(bound, isBound: true), Double(count),
                snapshot.exemplars[index])
        }
        write(descriptor.name + "_sum", labels, nil, snapshot.sum, nil)
        write(descriptor.name + "_count", labels, nil, Double(count), nil)
    }

    private mutating func write(
        _ name: String, _ labels: Labels, _ bound: String?, _ value: Double, _ exemplar: Exemplar?
    ) {
        bytes += name.utf8
        if !labels.all.isEmpty || bound != nil {
            var isFirst = true
            bytes.append(UInt8(ascii: "{"))
            for label in labels.all {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                bytes += label.name.utf8
                bytes += "=\"".utf8
                escape(label.value, quotes: true)
                bytes.append(UInt8(ascii: "\""))
            }
            if let bound { bytes += "\(isFirst ? "" : ",")le=\"\(bound)\"".utf8 }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        bytes += ExpositionWriter.number(value).utf8
        if format == .openMetrics, let exemplar {
            bytes += " # {span_id=\"\(HexDigits.text(exemplar.spanID))\",trace_id=\"\(exemplar.traceID.text)\"} ".utf8
            bytes += "\(ExpositionWriter.number(exemplar.value)) \(ExpositionWriter.number(exemplar.at))".utf8
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\"") where quotes: bytes += "\\\"".utf8
            default: bytes.append(byte)
            }
        }
    }

    /// A value as Go's ParseFloat reads it; whole numbers without a point, but for bounds, whose canonical form has one.
    static func number(_ value: Double, isBound: Bool = false) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if !isBound, value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }
}

extension Labels: Comparable {
    static func < (left: Labels, right: Labels) -> Bool {
        left.all.lexicographicallyPrecedes(right.all) { ($0.name, $0.value) < ($1.name, $1.value) }
    }
}
