public import OnsaleValues

/// A place's number within its event, in the order of joining. It is the same before and after the draw.
@frozen
public struct PlaceID: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}

/// A number in line: the smaller, the sooner. Where nothing was drawn it is the place's own.
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
    /// For those who came to the lobby: how many came before.
    public let lobbyIndex: UInt32?
}
