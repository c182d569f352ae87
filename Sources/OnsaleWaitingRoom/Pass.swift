public import OnsaleValues

/// Permission to shop for a limited time.
public struct Pass: Hashable, Sendable {
    public let id: PassID
    public let buyer: BuyerID
    /// The place in line it was granted for.
    public let place: PlaceID
    public let grantedAt: Timestamp
    public let expiresAt: Timestamp
    /// Start of the current idle time: when it was granted, or when its holder's last hold or order ended.
    public internal(set) var idleSince: Timestamp
    /// How many payments made with it were declined.
    public internal(set) var declines: UInt8 = 0
}

/// Why a pass was ended early.
public enum PassEnd: UInt8, Hashable, Sendable {
    /// Its holder had no hold and no order in progress for too long.
    case idle = 1
    /// Too many payments were declined.
    case declines
}
