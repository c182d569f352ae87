public import OnsaleValues

/// A place's number within its event, in the order of joining. The draw doesn't change it.
@frozen
public struct PlaceID: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}

/// A number in line; smaller numbers go first. Without a draw it equals the place's own number.
@frozen
public struct LineNumber: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}

/// A buyer's place in line.
public struct Place: Hashable, Sendable {
    public let id: PlaceID
    /// Nil before the draw.
    public let number: LineNumber?
    /// How many entered the lobby before this place; nil for places outside the lobby.
    public let lobbyIndex: UInt32?
}
