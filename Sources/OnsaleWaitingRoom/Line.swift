import DequeModule
public import OnsaleValues

/// Who may shop: places, the draw, calls, passes and the onsale's phase, as a pure state machine.
///
/// With a waiting room, people who came to the lobby get their numbers by the draw, those who come later the next ones,
/// and numbers are called in order while fewer than the cap are shopping or called. Without one, whoever joins may have
/// a pass at once. Who is present is soft: given from outside and forgotten at a restart.
public struct Line: Sendable {
    /// How long a called number may take to ask for its pass.
    public static let callSeconds = 20
    /// Places that are given at most; the line is full then.
    public static let placesMax: UInt32 = 20_000_000
    /// Places that are given in all, spent ones included: each takes some bytes for ever.
    static let placesEverMax: UInt32 = 60_000_000
    /// A pass ends after so many declined payments.
    public static let declinesMax = 5

    /// What the draw came to.
    public struct DrawResult: Hashable, Sendable {
        public let seed: [UInt8]
        public let entrantsHash: [UInt8]
        /// By lobby index.
        let numbers: [LineNumber]
        /// By number.
        let places: [PlaceID]

        public var lobbySize: UInt32 { UInt32(numbers.count) }
    }

    public internal(set) var schedule: OnsaleSchedule
    public internal(set) var isPaused = false
    public internal(set) var isSoldOut = false
    var places = Places()
    var passes: [PassID: Pass] = [:]
    /// The living pass of a place.
    var passOfPlace: [PlaceID: PassID] = [:]
    var lastPass = PassID(0)
    /// No pass below this one lives. Follows from the rest.
    var oldestPass = PassID(1)
    var seed: [UInt8]? {
        didSet { drawCommitment = seed.map { Draw.commitment(to: $0) } }
    }
    /// Public from the lobby's first second.
    public internal(set) var drawCommitment: [UInt8]?
    public internal(set) var draw: DrawResult?
    var entrants = EntrantsHash()
    /// The largest number called so far.
    public internal(set) var admittedThrough = LineNumber(0)
    /// Places that are called, and until when.
    var calls: [PlaceID: Timestamp] = [:]
    /// The same in order of time, with some that are over.
    var callQueue: Deque<(place: PlaceID, until: Timestamp)> = []
    /// Living passes by the time since which they have been idle, with some that are no longer. Follows from the rest.
    var idleQueue: Deque<(pass: PassID, since: Timestamp)> = []
    /// Since when this process has driven the line. Soft: nobody is idle while it is down.
    var drivenSince: Timestamp?
    /// Passes that ended by declined payments: what comes back to them is given back.
    var declinedPasses: Set<PassID> = []
    /// A fact that did not apply though it had just been decided on: a bug. Whoever drives the line must stop.
    public internal(set) var fault: ContradictoryFact?
    /// Places whose holders still want a pass.
    public internal(set) var waiting = 0

    // Soft: never journaled, never compared.
    var presence = Presence()
    var pace = Pace()
    var returned = ReturnQueue()
    var lateness = Lateness()
    /// Numbers up to here have been called or passed over since the start: at first nobody is absent, so whoever was
    /// passed over before is looked at again.
    var passedThrough = LineNumber(0)
    var clock = Timestamp(milliseconds: .min)

    public init(schedule: OnsaleSchedule) {
        self.schedule = schedule
    }

    // MARK: What readers see

    /// Passes alive.
    public var activeShoppers: Int { passes.count }
    /// Whether numbers are still to be drawn.
    var isDrawAhead: Bool { seed != nil && draw == nil }
    /// Numbers given so far.
    public var issuedNumbers: UInt32 { isDrawAhead ? 0 : places.count }
    /// Entrants of the lobby, so far or in all; nil without one.
    public var lobbySize: UInt32? { seed == nil ? nil : draw?.lobbySize ?? places.count }
    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = schedule.phase(at: now, isPaused: isPaused)
        return phase == .open && isSoldOut ? .soldOut : phase
    }

    /// The pass, if it lives and is this buyer's. A signature alone admits nobody: this decides.
    public func livingPass(_ id: PassID, buyer: BuyerID) -> Pass? {
        guard let pass = passes[id], pass.buyer == buyer else { return nil }
        return pass
    }

    public func place(_ id: PlaceID) -> Place {
        let isOfLobby = seed != nil && id.serial <= draw?.lobbySize ?? places.count
        return Place(
            id: id, number: isDrawAhead ? nil : number(of: id), lobbyIndex: isOfLobby ? id.serial - 1 : nil)
    }

    /// The buyers who came to the lobby, in order; nil before the draw.
    public var entrantList: [BuyerID]? {
        draw.map { draw in (0..<draw.lobbySize).map { places.buyer(of: PlaceID($0 + 1)) } }
    }

    /// Whether somebody is shopping or called, or the opening lies ahead.
    public func hasUnfinishedBusiness(at now: Timestamp) -> Bool {
        !passes.isEmpty || !calls.isEmpty || schedule.opensAt > now
    }

    /// Numbers by which the line moves in a minute, as measured.
    public func numbersPerMinute(placesLeft: Int) -> Double {
        pace.numbersPerMinute(slots: slots(placesLeft: placesLeft), passSeconds: schedule.passSeconds)
    }

    /// People who may shop at a time: as the places that are left get few, no more than those.
    func slots(placesLeft: Int) -> Int { min(schedule.maxActiveShoppers, placesLeft) }

    func number(of place: PlaceID) -> LineNumber {
        if let draw, place.serial <= draw.lobbySize { return draw.numbers[Int(place.serial) - 1] }
        return LineNumber(place.serial)
    }

    func place(of number: LineNumber) -> PlaceID {
        if let draw, number.serial <= draw.lobbySize { return draw.places[Int(number.serial) - 1] }
        return PlaceID(number.serial)
    }

    // MARK: Deciding

    /// Records a fact that was just decided on.
    mutating func record(_ decided: some LineFactBody, at now: Timestamp, facts: inout [LineFact]) {
        do throws(ContradictoryFact) {
            pace.elapse(to: now)
            try decided.evolve(&self, at: now)
            facts.append(decided.fact)
        } catch {
            fault = fault ?? error
        }
    }

    /// Takes notice of the time, before anything else is done at it.
    @usableFromInline
    mutating func see(_ now: Timestamp) {
        clock = max(clock, now)
        drivenSince = drivenSince ?? now
        presence.begin(at: now)
        pace.elapse(to: now)
    }
}
