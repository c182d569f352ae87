import Foundation

@testable import OnsaleTelemetry

/// Reads what the registry writes, and forgives nothing. Only the forms that the registry uses are known.
struct ExpositionReader {
    struct Fault: Error, CustomStringConvertible {
        let line: Int
        let reason: String

        var description: String { "line \(line): \(reason)" }
    }

    struct Exemplar {
        let labels: [String: String]
        let value: Double
        let at: Double
    }

    struct Sample {
        let name: String
        let labels: [(name: String, value: String)]
        let value: Double
        let exemplar: Exemplar?

        subscript(label: String) -> String? { labels.first { $0.name == label }?.value }

        /// Without the bucket's bound.
        var seriesLabels: [String] { labels.filter { $0.name != "le" }.map { "\($0.name)=\($0.value)" } }
    }

    struct Family {
        let name: String
        let help: String
        let type: String
        var samples: [Sample] = []
    }

    private(set) var families: [Family] = []
    private let format: ExpositionFormat
    private var line = 0

    init(_ bytes: [UInt8], _ format: ExpositionFormat) throws {
        self.format = format
        guard let text = String(validating: bytes, as: UTF8.self) else { throw fault("isn't UTF-8") }
        // By scalars: "\r\n" is one character.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        guard lines.popLast() == "" else { throw fault("doesn't end with a line break") }
        if format == .openMetrics, lines.popLast() != "# EOF" { throw fault("has no end") }
        var seen: Set<String> = []
        for text in lines {
            line += 1
            if text.hasPrefix("#") {
                try readHead(text)
            } else {
                let sample = try readSample(text)
                // Prometheus takes an empty label for none.
                let labels = sample.labels.filter { !$0.value.isEmpty }.map { "\($0.name)=\($0.value)" }.sorted()
                guard seen.insert(sample.name + "\n" + labels.joined(separator: "\n")).inserted else {
                    throw fault("\(text) is there twice")
                }
                families[families.count - 1].samples.append(sample)
            }
        }
        for family in families where family.type == "histogram" { try checkHistogram(family) }
    }

    /// All values by sample, as `name{label=value,…}`.
    var values: [String: Double] {
        var values: [String: Double] = [:]
        for sample in families.flatMap(\.samples) {
            let labels = sample.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
            values[sample.name + (labels.isEmpty ? "" : "{\(labels)}")] = sample.value
        }
        return values
    }

    private func fault(_ reason: String) -> Fault { Fault(line: line, reason: reason) }

    // MARK: Lines

    private mutating func readHead(_ text: String) throws {
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0] == "#", isName(parts[2], allowsColon: true) else {
            throw fault("\(text) is no head")
        }
        switch parts[1] {
        case "HELP":
            guard !families.contains(where: { $0.name == parts[2] }) else {
                throw fault("family \(parts[2]) is there twice")
            }
            if let last = families.last, last.type.isEmpty { throw fault("\(last.name) has no type") }
            families.append(
                Family(name: parts[2], help: try unescaped(parts[3], quotes: format == .openMetrics), type: ""))
        case "TYPE":
            guard let last = families.popLast(), last.name == parts[2], last.type.isEmpty,
                ["counter", "gauge", "histogram"].contains(parts[3])
            else { throw fault("\(text) doesn't follow its help") }
            if format == .openMetrics, parts[3] == "counter", last.name.hasSuffix("_total") {
                throw fault("\(last.name) is a counter's family and ends with _total")
            }
            families.append(Family(name: last.name, help: last.help, type: parts[3]))
        default: throw fault("\(text) is neither help nor type")
        }
    }

    // By bytes: a combining mark after a quotation mark is one character with it.
    private func readSample(_ text: String) throws -> Sample {
        var rest = Array(text.utf8)[...]
        let name = take(&rest) { $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: " ") }
        let labels = rest.first == UInt8(ascii: "{") ? try readLabels(&rest) : []
        guard let family = families.last, !family.type.isEmpty else { throw fault("\(name) has no family") }
        let suffixes =
            switch family.type {
            case "counter": [format == .openMetrics ? "_total" : ""]
            case "histogram": ["_bucket", "_sum", "_count"]
            default: [""]
            }
        guard suffixes.contains(where: { family.name + $0 == name }) else {
            throw fault("\(name) isn't of the family \(family.name)")
        }
        try expect(" ", &rest)
        let value = try number(take(&rest) { $0 != UInt8(ascii: " ") })
        guard !rest.isEmpty else { return Sample(name: name, labels: labels, value: value, exemplar: nil) }
        guard format == .openMetrics, name.hasSuffix("_total") || name.hasSuffix("_bucket") else {
            throw fault("something after the value of \(name)")
        }
        try expect(" # ", &rest)
        let marks = try readLabels(&rest)
        guard marks.reduce(0, { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }) <= 128 else {
            throw fault("an exemplar of more than 128 characters")
        }
        try expect(" ", &rest)
        let observed = try number(take(&rest) { $0 != UInt8(ascii: " ") })
        try expect(" ", &rest)
        return Sample(
            name: name, labels: labels, value: value,
            exemplar: Exemplar(
                labels: Dictionary(marks.map { ($0.name, $0.value) }) { first, _ in first }, value: observed,
                at: try number(take(&rest) { _ in true })))
    }

    private func readLabels(_ rest: inout ArraySlice<UInt8>) throws -> [(name: String, value: String)] {
        var labels: [(name: String, value: String)] = []
        try expect("{", &rest)
        while true {
            let name = take(&rest) { $0 != UInt8(ascii: "=") }
            guard isName(name, allowsColon: false), !name.hasPrefix("__"), !labels.contains(where: { $0.name == name })
            else { throw fault("label \(name)") }
            try expect("=\"", &rest)
            var isEscaped = false
            let raw = take(&rest) { byte in
                defer { isEscaped = byte == UInt8(ascii: "\\") && !isEscaped }
                return isEscaped || byte != UInt8(ascii: "\"")
            }
            labels.append((name, try unescaped(raw, quotes: true)))
            try expect("\"", &rest)
            guard rest.first == UInt8(ascii: ",") else { break }
            rest.removeFirst()
        }
        try expect("}", &rest)
        return labels
    }

    private func take(_ rest: inout ArraySlice<UInt8>, while isPart: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: isPart)
        rest = rest.dropFirst(taken.count)
        return String(decoding: taken, as: UTF8.self)
    }

    private func expect(_ text: String, _ rest: inout ArraySlice<UInt8>) throws {
        guard rest.starts(with: text.utf8) else {
            throw fault("no \(text) before \(String(decoding: rest, as: UTF8.self))")
        }
        rest = rest.dropFirst(text.utf8.count)
    }

    private func isName(_ text: String, allowsColon: Bool) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_")
                || allowsColon && $0 == ":"
        }
    }

    private func unescaped(_ text: String, quotes: Bool) throws -> String {
        var clear = String.UnicodeScalarView()
        var scalars = text.unicodeScalars[...]
        while let next = scalars.popFirst() {
            if quotes, next == "\"" { throw fault("a bare quotation mark in \(text)") }
            guard next == "\\" else {
                clear.append(next)
                continue
            }
            switch scalars.popFirst() {
            case "\\": clear.append("\\")
            case "n": clear.append("\n")
            case "\"" where quotes: clear.append("\"")
            default: throw fault("an unknown escape in \(text)")
            }
        }
        return String(clear)
    }

    private func number(_ text: String) throws -> Double {
        switch text {
        case "NaN": return .nan
        case "+Inf": return .infinity
        case "-Inf": return -.infinity
        default:
            guard text.utf8.allSatisfy({ "0123456789+-.e".utf8.contains($0) }), let value = Double(text) else {
                throw fault("\(text) is no number")
            }
            return value
        }
    }

    // MARK: Histograms

    private func checkHistogram(_ family: Family) throws {
        for (_, samples) in Dictionary(grouping: family.samples, by: \.seriesLabels) {
            let buckets = samples.filter { $0.name.hasSuffix("_bucket") }
            let bounds = try buckets.map { try number($0["le"] ?? "") }
            guard bounds == bounds.sorted(), bounds.last == .infinity, Set(bounds).count == bounds.count else {
                throw fault("the bounds of \(family.name) are \(bounds)")
            }
            let counts = buckets.map(\.value)
            guard counts == counts.sorted() else { throw fault("the buckets of \(family.name) are \(counts)") }
            guard samples.filter({ $0.name.hasSuffix("_count") }).map(\.value) == [counts.last],
                samples.count(where: { $0.name.hasSuffix("_sum") }) == 1, samples.count == buckets.count + 2
            else { throw fault("\(family.name) has no single count and sum") }
        }
    }
}
