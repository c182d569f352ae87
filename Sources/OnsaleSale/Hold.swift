public import OnsaleValues

/// A hold's number within its event: 1, 2, 3 … in the order of making.
@frozen
public struct HoldID: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}

/// Places reserved for one buyer until a deadline, or until the order that pays for them ends.
public struct Hold: Hashable, Sendable {
    public let id: HoldID
    public let buyer: BuyerID
    /// The pass it was made with; giving up the pass gives up the hold.
    public let pass: PassID
    public let places: Places
    /// The price of its places, in minor units.
    public let amount: Int64
    public let madeAt: Timestamp
    public internal(set) var expiresAt: Timestamp
    /// The order paying for it, once placed; from then on the hold doesn't expire.
    public internal(set) var order: OrderID?
    /// How many orders on it were declined; the hold survived each.
    public internal(set) var declines: UInt8 = 0
}
