package import OnsaleBus

/// Which types of events an endpoint wants: names of the contract, prefixes such as `onsale.order.*`, or `*` for all.
package struct EndpointFilter: Hashable, Sendable {
    package enum Malformed: Error, Hashable, CustomStringConvertible {
        case none
        case tooMany
        /// No type of the contract is meant by this.
        case unknown(String)

        package var description: String {
            switch self {
            case .none: "types must name at least one type of event, or *"
            case .tooMany: "types has more than \(EndpointFilter.patternsMax) entries"
            case .unknown(let pattern): "types has \(pattern), which no type of event matches"
            }
        }
    }

    package static let patternsMax = 32
    private static let patternBytesMax = 64

    /// As given, each once.
    package let patterns: [String]

    /// - Throws: ``Malformed``.
    package init(_ patterns: [String]) throws(Malformed) {
        guard !patterns.isEmpty else { throw .none }
        guard patterns.count <= EndpointFilter.patternsMax else { throw .tooMany }
        var kept: [String] = []
        for pattern in patterns where !kept.contains(pattern) {
            let isKnown =
                pattern.utf8.count <= EndpointFilter.patternBytesMax
                && EventType.allCases.contains { EndpointFilter.meets(pattern, $0) }
            guard isKnown else {
                throw .unknown(
                    String(pattern.unicodeScalars.prefix(EndpointFilter.patternBytesMax).map(Character.init)))
            }
            kept.append(pattern)
        }
        self.patterns = kept
    }

    /// Reads what ``text`` wrote. Patterns that mean nothing any more stay.
    init(stored text: String) { patterns = text.split(separator: " ").map(String.init) }

    /// For the table.
    var text: String { patterns.joined(separator: " ") }

    package func wants(_ type: EventType) -> Bool { patterns.contains { EndpointFilter.meets($0, type) } }

    private static func meets(_ pattern: String, _ type: EventType) -> Bool {
        if pattern == "*" || pattern == type.rawValue { return true }
        return pattern.hasSuffix(".*") && type.rawValue.hasPrefix(pattern.dropLast())
    }
}
