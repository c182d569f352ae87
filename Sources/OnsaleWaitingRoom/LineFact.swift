public import OnsaleValues

/// Something that has happened in the line. Places are named by their serials.
public enum LineFact: Hashable, Sendable {
    case joined(BuyerID, place: UInt32)
    case passGranted(UInt32, BuyerID, place: UInt32, expiresAt: Timestamp)
    case passExpired(UInt32)
    case passGivenUp(UInt32)
    case paused
    case resumed
    case rescheduled(OnsaleSchedule)
    case drawCommitted(seed: [UInt8])
    /// The lobby's entrants have their numbers, which follow from the seed.
    case drawn(lobbySize: UInt32, entrantsHash: [UInt8])
    /// The place's holder may have a pass until then; a slot is kept.
    case called(UInt32, until: Timestamp)
    case callLapsed(UInt32)
    /// Nothing is left: all passes end, all calls are taken back.
    case soldOut
    case seatsReturned
    case passEnded(UInt32, PassEnd)
    /// The cap was lowered: the call is taken back, and its place stands first.
    case callWithdrawn(UInt32)
    /// Passed over and back too late: the buyer has a new place at the end, for which the old one stands.
    case moved(UInt32, to: UInt32)
}

/// A fact that contradicts the line it is applied to.
public struct ContradictoryLineFact: Error, Hashable, Sendable {
    public let description: String
}
