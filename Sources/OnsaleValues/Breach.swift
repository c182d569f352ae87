/// A rule that does not hold. docs/ARCHITECTURE.md numbers them.
public struct Breach: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule's number.
    public let rule: Int
    public let description: String

    public init(rule: Int, _ description: String) {
        self.rule = rule
        self.description = description
    }
}
