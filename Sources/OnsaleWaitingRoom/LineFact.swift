public import OnsaleValues

/// Something that has happened in the line.
public enum LineFact: Hashable, Sendable {
    case joined(BuyerID, place: PlaceID)
    case passGranted(PassID, BuyerID, place: PlaceID, expiresAt: Timestamp)
    case passExpired(PassID)
    case passGivenUp(PassID)
    case paused
    case resumed
    case rescheduled(OnsaleSchedule)
    case drawCommitted(seed: [UInt8])
    /// The lobby's entrants have their numbers, which follow from the seed.
    case drawn(lobbySize: UInt32, entrantsHash: [UInt8])
    /// The place's holder may have a pass until then; a slot is kept.
    case called(PlaceID, until: Timestamp)
    case callLapsed(PlaceID)
    /// Nothing is left: all passes end, all calls are taken back.
    case soldOut
    case seatsReturned
    case passEnded(PassID, PassEnd)
    /// The cap was lowered: the call is taken back, and its place stands first.
    case callWithdrawn(PlaceID)
    /// Passed over and back too late: the buyer has a new place at the end, for which the old one stands.
    case moved(PlaceID, to: PlaceID)
}
