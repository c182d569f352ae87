/// A fact that contradicts the state it is applied to: this state machine can't have written the journal.
public struct ContradictoryFact: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
