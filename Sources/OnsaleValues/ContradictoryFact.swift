/// A fact that contradicts the state it is applied to: the journal was not written by this machine.
public struct ContradictoryFact: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
