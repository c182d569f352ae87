import Foundation

/// Reads environment variables by OpenTelemetry's rules: an empty one is as good as none, words are read in any case,
/// and what means nothing is a warning. Warnings name the variable and keep its value to themselves.
package struct EnvironmentReader {
    package struct Pair: Sendable, Hashable {
        package let key: String
        package let value: String

        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    private let environment: [String: String]
    private(set) var warnings: [String] = []

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    /// nil if it isn't set, or blank.
    subscript(name: String) -> String? {
        let text = environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines)
        return text?.isEmpty == false ? text : nil
    }

    mutating func warn(_ name: String, _ complaint: String) {
        warnings.append("\(name) \(complaint).")
    }

    mutating func isTrue(_ name: String) -> Bool {
        guard let word = self[name]?.lowercased() else { return false }
        if word != "true" && word != "false" {
            warn(name, "is neither true nor false; it counts as false")
        }
        return word == "true"
    }

    mutating func number(_ name: String, in range: ClosedRange<Int64>, or usual: Int64) -> Int64 {
        guard let text = self[name] else { return usual }
        guard let number = Int64(text), range.contains(number) else {
            warn(name, "isn't a whole number from \(range.lowerBound) to \(range.upperBound); \(usual) is used")
            return usual
        }
        return number
    }

    /// Up to an hour.
    mutating func milliseconds(_ name: String, or usual: Int64) -> Int64 {
        number(name, in: 1...3_600_000, or: usual)
    }

    mutating func fraction(_ name: String, or usual: Double) -> Double {
        guard let text = self[name] else { return usual }
        guard let number = Double(text), (0...1).contains(number) else {
            warn(name, "isn't a number from 0 to 1; \(usual) is used")
            return usual
        }
        return number
    }

    mutating func choice<Value>(_ name: String, of meaning: (String) -> Value?) -> Value? {
        guard let word = self[name] else { return nil }
        let value = meaning(word.lowercased())
        if value == nil {
            warn(name, "names nothing known here; the default is used")
        }
        return value
    }

    /// A list of words, each once. `none` alone makes an empty one; nil if nothing in it is known.
    mutating func list<Value: Equatable>(_ name: String, of meaning: (String) -> Value?) -> [Value]? {
        guard let text = self[name] else { return nil }
        let words = text.lowercased().split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard words != ["none"] else { return [] }
        var values: [Value] = []
        for word in words where !word.isEmpty {
            guard let value = meaning(word) else {
                warn(name, word == "none" ? "has none beside others; it is ignored" : "names something unknown here")
                continue
            }
            if !values.contains(value) {
                values.append(value)
            }
        }
        return values.isEmpty ? nil : values
    }

    /// `key=value,key=value`, percent-encoded. If one is wrong, all are left out, as the specification wants.
    mutating func pairs(_ name: String) -> [Pair]? {
        guard let text = self[name] else { return nil }
        var pairs: [Pair] = []
        for member in text.split(separator: ",") where !member.allSatisfy(\.isWhitespace) {
            let sides = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces).removingPercentEncoding }
            guard sides.count == 2, let key = sides[0], !key.isEmpty, let value = sides[1] else {
                warn(name, "isn't a list of key=value; it is ignored")
                return nil
            }
            pairs.append(Pair(key, value))
        }
        return pairs
    }

    /// Pairs that HTTP can carry.
    mutating func headers(_ name: String) -> [Pair]? {
        guard let pairs = pairs(name) else { return nil }
        let isWell = pairs.allSatisfy { pair in
            pair.key.utf8.allSatisfy(EnvironmentReader.isTokenByte)
                && pair.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
        }
        guard isWell else {
            warn(name, "has a header that HTTP can't carry; it is ignored")
            return nil
        }
        return pairs
    }

    /// An absolute http or https address.
    mutating func url(_ name: String) -> String? {
        guard let text = self[name] else { return nil }
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https",
            url.host?.isEmpty == false, url.port.map({ (1...65_535).contains($0) }) ?? true
        else {
            warn(name, "isn't an http or https address; the default is used")
            return nil
        }
        return text
    }

    /// RFC 9110, 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
