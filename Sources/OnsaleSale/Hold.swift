public import OnsaleValues

/// A hold's number within its event: 1, 2, 3 … in the order in which they were made.
@frozen
public struct HoldID: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}

/// Places taken for one buyer until a moment, or until the order that pays for them has ended.
public struct Hold: Hashable, Sendable {
    public let id: HoldID
    public let buyer: BuyerID
    /// The pass it was made with; giving that up gives up the hold.
    public let pass: PassID
    public let places: Places
    /// What its places cost, in minor units.
    public let amount: Int64
    public let madeAt: Timestamp
    public internal(set) var expiresAt: Timestamp
    /// The order that pays for it, from when it is placed; such a hold no longer expires.
    public internal(set) var order: OrderID?
    /// Orders on it that were declined; it came back from each.
    public internal(set) var declines: UInt8 = 0
}
