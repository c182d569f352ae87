/// A buyer's place in line.
public struct Place: Hashable, Sendable {
    /// In the order of joining: 1, 2, 3 … It is the same before and after the draw.
    public let serial: UInt32
    /// The number in line; nil before the draw.
    public let number: UInt32?
    /// For those who came to the lobby: how many came before.
    public let lobbyIndex: UInt32?
}
