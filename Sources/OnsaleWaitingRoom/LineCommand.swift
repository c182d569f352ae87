public import OnsaleValues

/// A request to the line, with the type of its answer. Time passes separately, through
/// ``Line/advance(to:placesLeft:facts:)``.
public protocol LineCommand: Sendable {
    associatedtype Answer: Sendable

    /// Decides the command. Call it through ``Line/apply(_:now:placesLeft:facts:)``.
    /// - Parameter placesLeft: free and held places: there is no point in admitting more people than that.
    /// - Throws: why the request is refused.
    func decide(
        in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) -> Answer
}

extension Line {
    /// Decides a command. Call ``advance(to:placesLeft:facts:)`` with the same `now` first.
    @inlinable
    public mutating func apply<Command: LineCommand>(
        _ command: Command, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) -> Command.Answer {
        see(now)
        return try command.decide(in: &self, now: now, placesLeft: placesLeft, facts: &facts)
    }
}

// MARK: Those in line

/// Take a place in line, or return the one the buyer already has.
public struct JoinLine: LineCommand, Hashable {
    public let buyer: BuyerID

    public init(_ buyer: BuyerID) {
        self.buyer = buyer
    }

    public func decide(
        in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) -> (place: Place, isNew: Bool) {
        try line.join(buyer, now: now, placesLeft: placesLeft, facts: &facts)
    }
}

/// Claim the pass for a place.
public struct ClaimPass: LineCommand, Hashable {
    public let place: PlaceID
    public let buyer: BuyerID

    public init(of place: PlaceID, buyer: BuyerID) {
        self.place = place
        self.buyer = buyer
    }

    public func decide(
        in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) -> Pass {
        try line.claimPass(of: place, buyer: buyer, now: now, placesLeft: placesLeft, facts: &facts)
    }
}

/// Give up a pass before it expires.
public struct GiveUpPass: LineCommand, Hashable {
    public let pass: PassID
    public let buyer: BuyerID

    public init(_ pass: PassID, buyer: BuyerID) {
        self.pass = pass
        self.buyer = buyer
    }

    public func decide(
        in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) {
        try line.giveUp(pass, buyer: buyer, now: now, placesLeft: placesLeft, facts: &facts)
    }
}

/// Note that the holders of these places are present.
public struct NotePresence: LineCommand, Hashable {
    public let places: [PlaceID]

    public init(of places: [PlaceID]) {
        self.places = places
    }

    public func decide(in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]) {
        line.see(places, now: now, placesLeft: placesLeft, facts: &facts)
    }
}

// MARK: The organizer

/// Commit to the secret seed of the draw. Takes effect once, and only before anyone has joined.
public struct CommitDraw: LineCommand, Hashable {
    public let seed: [UInt8]

    public init(seed: [UInt8]) {
        self.seed = seed
    }

    public func decide(in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]) {
        line.commitDraw(seed: seed, now: now, facts: &facts)
    }
}

public struct PauseSale: LineCommand, Hashable {
    public init() {}

    public func decide(in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]) {
        line.pause(now: now, facts: &facts)
    }
}

public struct ResumeSale: LineCommand, Hashable {
    public init() {}

    public func decide(in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]) {
        line.resume(now: now, placesLeft: placesLeft, facts: &facts)
    }
}

/// Move the sale's times, or change how many may shop at a time.
public struct ChangeSchedule: LineCommand, Hashable {
    public let change: ScheduleChange

    public init(_ change: ScheduleChange) {
        self.change = change
    }

    public func decide(
        in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) {
        try line.reschedule(change, now: now, placesLeft: placesLeft, facts: &facts)
    }
}
