/// What `/metrics` said: the samples of Prometheus' text format 0.0.4, by name.
///
/// The text may be anything: a line that isn't understood is counted and passed over, and there are limits on how much
/// is kept. Source: Prometheus, "Exposition formats", section "Text-based format".
struct Exposition: Sendable {
    struct Sample: Sendable, Equatable {
        let labels: [String: String]
        let value: Double
    }

    static let samplesMax = 100_000
    static let labelsMax = 32

    /// The samples by the name that stands before the labels: a histogram's are under `…_bucket`, `…_sum`, `…_count`.
    private(set) var samples: [String: [Sample]] = [:]
    /// What `# TYPE` lines say, by the family's name: `counter`, `gauge`, `histogram` and so on.
    private(set) var kinds: [String: String] = [:]
    /// Lines that aren't in the format, or came after the limit was reached.
    private(set) var linesPassedOver = 0

    private var count = 0

    init(_ text: some Collection<UInt8>, samplesMax: Int = Self.samplesMax) {
        for bytes in text.split(separator: UInt8(ascii: "\n")) {
            var line = ExpositionLine(ArraySlice(bytes))
            line.skipBlanks()
            guard let first = line.peek else { continue }
            if first == UInt8(ascii: "#") {
                readComment(&line)
            } else if count < samplesMax, let (name, sample) = line.sample(labelsMax: Self.labelsMax) {
                samples[name, default: []].append(sample)
                count += 1
            } else {
                linesPassedOver += 1
            }
        }
    }

    /// Whether there is anything of a metric: a sample, or at least its type.
    func has(_ name: String) -> Bool {
        samples[name] != nil || kinds[name] != nil
    }

    /// The sum of the samples whose labels include these. 0 if the metric exists without such a sample; nil without the
    /// metric, or if a sample isn't a number.
    func sum(_ name: String, where wanted: [String: String] = [:]) -> Double? {
        guard has(name) else { return nil }
        let sum = samples[name, default: []].filter { $0.has(wanted) }.reduce(0) { $0 + $1.value }
        return sum.isFinite ? sum : nil
    }

    /// The sums by the value of a label, of the samples whose labels include these; nil without the metric.
    func sums(_ name: String, by label: String, where wanted: [String: String] = [:]) -> [String: Double]? {
        guard has(name) else { return nil }
        var sums: [String: Double] = [:]
        for sample in samples[name, default: []] where sample.has(wanted) && sample.value.isFinite {
            sums[sample.labels[label, default: ""], default: 0] += sample.value
        }
        return sums
    }

    /// The first sample's value of a label.
    func label(_ label: String, of name: String) -> String? {
        samples[name]?.first?.labels[label]
    }

    private mutating func readComment(_ line: inout ExpositionLine) {
        let words = line.rest.split(maxSplits: 4) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 4, words[0] == "#", words[1] == "TYPE", kinds.count < Self.samplesMax else { return }
        kinds[words[2]] = words[3]
    }
}

extension Exposition.Sample {
    func has(_ wanted: [String: String]) -> Bool {
        wanted.allSatisfy { labels[$0.key] == $0.value }
    }
}
