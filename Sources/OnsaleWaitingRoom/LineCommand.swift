public import OnsaleValues

/// Something that can be asked of the line, with the answer that it has. The clock's passing is asked separately, by
/// ``Line/advance(to:placesLeft:facts:)``.
public protocol LineCommand: Sendable {
    associatedtype Answer: Sendable

    /// Decides on it; called through ``Line/apply(_:now:placesLeft:facts:)``.
    /// - Parameter placesLeft: places that are free or held: more people than that need not be let in.
    /// - Throws: why nothing was changed.
    func decide(
        in line: inout Line, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) -> Answer
}

extension Line {
    /// Decides on a command at a moment that ``advance(to:placesLeft:facts:)`` has already been told of.
    @inlinable
    public mutating func apply<Command: LineCommand>(
        _ command: Command, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) -> Command.Answer {
        see(now)
        return try command.decide(in: &self, now: now, placesLeft: placesLeft, facts: &facts)
    }
}

// MARK: Those in line

/// Take a place, or be told the one that the buyer has.
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

/// Ask for the pass of a place.
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

/// Give a pass back before its time.
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

/// Note that the holders of these places are there.
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

/// Commit to the secret from which the numbers will be drawn; taken once, while the lobby has nobody in it.
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
