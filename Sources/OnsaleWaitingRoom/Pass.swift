public import OnsaleValues

/// Leave to shop for a while.
public struct Pass: Hashable, Sendable {
    public let id: PassID
    public let buyer: BuyerID
    /// The place in line that it was granted for.
    public let place: PlaceID
    public let grantedAt: Timestamp
    public let expiresAt: Timestamp
    /// Since when its holder has had nothing in hand; looked at when that may be too long.
    public internal(set) var idleSince: Timestamp
    /// Payments that were declined.
    public internal(set) var declines: UInt8 = 0
}

/// Why a pass ended before its time.
public enum PassEnd: UInt8, Hashable, Sendable {
    /// Its holder had nothing in hand for too long.
    case idle = 1
    /// Too many payments were declined.
    case declines
}
