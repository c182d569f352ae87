/// A violated invariant. docs/ARCHITECTURE.md numbers the rules.
public struct Breach: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule's number in docs/ARCHITECTURE.md.
    public let rule: Int
    public let description: String

    public init(rule: Int, _ description: String) {
        self.rule = rule
        self.description = description
    }
}
