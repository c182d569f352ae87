/// What a metric is called, and what it means.
package struct MetricDescriptor: Sendable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// With the unit and `_total` where it is a counter, as the text format writes it.
    package let name: String
    package let kind: Kind
    package let help: String
    /// The upper bounds of a histogram's buckets, ascending, without +Inf.
    package let buckets: [Double]

    package init(_ kind: Kind, _ name: String, _ help: String, buckets: [Double] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.buckets = buckets
    }

    /// The name without a counter's `_total`, as OpenMetrics calls the family.
    var family: String {
        kind == .counter && name.hasSuffix("_total") ? String(name.dropLast("_total".count)) : name
    }

    /// All names that it takes up in either format, which no other may use.
    var names: [String] {
        kind == .histogram ? [name, name + "_bucket", name + "_sum", name + "_count"] : [name, family]
    }

    /// From half a millisecond to ten seconds; the middle ones are those OpenTelemetry proposes for HTTP.
    package static let latencyBuckets: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    package static let countBuckets: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
}
