public import OnsaleValues

/// Leave to shop for a while.
public struct Pass: Hashable, Sendable {
    /// Its number within the event: 1, 2, 3 …
    public let serial: UInt32
    public let buyer: BuyerID
    /// The place in line that it was granted for.
    public let place: UInt32
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

/// A buyer's place in line.
public struct Place: Hashable, Sendable {
    /// In the order of joining: 1, 2, 3 … It is the same before and after the draw.
    public let serial: UInt32
    /// The number in line; nil before the draw.
    public let number: UInt32?
    /// For those who came to the lobby: how many came before.
    public let lobbyIndex: UInt32?
}

/// What can be asked of the line.
public enum LineCommand: Hashable, Sendable {
    case join(BuyerID)
    /// Ask for the pass of a place.
    case claimPass(BuyerID, place: UInt32)
    /// Give a pass back before its time.
    case giveUp(pass: UInt32, buyer: BuyerID)
    /// These places' holders are there.
    case present([UInt32])
    /// The secret from which the numbers will be drawn; taken once, while the lobby has nobody in it.
    case commitDraw(seed: [UInt8])
    case pause
    case resume
    case reschedule(ScheduleChange)
}

/// What a line command came to.
public enum LineOutcome: Hashable, Sendable {
    /// A place; `isNew` when this command gave it.
    case place(Place, isNew: Bool)
    /// A pass; `isNew` when this command granted it.
    case pass(Pass, isNew: Bool)
    case done
    case refused(LineRefusal)
}

/// Why the line changed nothing.
public enum LineRefusal: Hashable, Sendable {
    case closed
    /// Everything is sold, for now.
    case soldOut
    /// It is not this place's turn. `position` is how many numbers come before; nil before the draw.
    case notAdmitted(position: UInt32?, etaSeconds: Int)
    case placeSpent
    case passEnded
    /// The line takes no more people.
    case full
    /// The sale has opened, so its opening can't be moved.
    case hasOpened
    /// The lobby would open after the sale, or the sale end before it opens.
    case outOfOrder
}

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
