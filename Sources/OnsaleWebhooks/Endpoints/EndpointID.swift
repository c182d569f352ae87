/// Names an endpoint: `whe_` and 32 hexadecimal digits.
package struct EndpointID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// - Returns: nil for what is no such ID.
    package init?(text: String) {
        guard text.utf8.count == 36, text.hasPrefix("whe_"),
            text.utf8.dropFirst(4).allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.text = text
    }

    /// A new one.
    package init(using generator: inout some RandomNumberGenerator) {
        text = "whe_" + (0..<32).map { _ in String(Int.random(in: 0..<16, using: &generator), radix: 16) }.joined()
    }

    package var description: String { text }

    package static func < (left: EndpointID, right: EndpointID) -> Bool { left.text < right.text }
}
