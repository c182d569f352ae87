import DequeModule
public import OnsaleValues

/// Who may shop: places, the draw, calls, passes and the onsale's phase, as a pure state machine.
///
/// With a waiting room, the draw numbers everyone in the lobby and later arrivals get the next numbers. Numbers are
/// called in order while fewer than the cap are shopping or called. Without a waiting room, everyone who joins can have
/// a pass at once. Presence is soft: it comes from outside and is forgotten at a restart.
public struct Line: Sendable {
    /// How long a called number has to claim its pass, in seconds.
    public static let callSeconds = 20
    /// The line is full at this many places, counting those waiting and those with a live pass.
    public static let placesMax: UInt32 = 20_000_000
    /// The most places ever given, including spent ones: each takes some memory forever.
    static let placesEverMax: UInt32 = 60_000_000
    /// A pass ends after this many declined payments.
    public static let declinesMax = 5

    /// The result of the draw.
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
    var places = LinePlaces()
    var passes: [PassID: Pass] = [:]
    /// The live pass of each place.
    var passOfPlace: [PlaceID: PassID] = [:]
    var lastPass = PassID(0)
    /// No pass below this one is live. Derived.
    var oldestPass = PassID(1)
    var seed: [UInt8]? {
        didSet { drawCommitment = seed.map { Draw.commitment(to: $0) } }
    }
    /// SHA-256 of the seed; public from the moment the lobby opens.
    public internal(set) var drawCommitment: [UInt8]?
    public internal(set) var draw: DrawResult?
    var entrants = EntrantsHash()
    /// The largest number called so far.
    public internal(set) var admittedThrough = LineNumber(0)
    /// Called places, and when each call ends.
    var calls: [PlaceID: Timestamp] = [:]
    /// The same calls by ending time, with some stale entries. Derived.
    var callQueue: Deque<(place: PlaceID, until: Timestamp)> = []
    /// Live passes by the start of their idle time, with some stale entries. Derived.
    var idleQueue: Deque<(pass: PassID, since: Timestamp)> = []
    /// When this process began to drive the line. Soft: downtime doesn't count as idle time.
    var runningSince: Timestamp?
    /// Passes ended by declined payments: any hold that comes back to one is released.
    var declinedPasses: Set<PassID> = []
    /// A fact that was just decided but didn't apply: a bug. The driver must stop the line.
    public internal(set) var fault: ContradictoryFact?
    /// Places whose holders still want a pass.
    public internal(set) var waiting = 0

    // Soft: never journaled, never compared. ``Attendance`` carries on what is worth it.
    var presence = Presence()
    var pace = Pace()
    var returned = ReturnQueue()
    var lateness = Lateness()
    /// Numbers up to this one have been called or passed over since the process started. It starts at 0: at first
    /// nobody counts as absent, so numbers passed over earlier get another look.
    var passedThrough = LineNumber(0)
    var clock = Timestamp(milliseconds: .min)

    public init(schedule: OnsaleSchedule) {
        self.schedule = schedule
    }

    // MARK: What readers see

    /// Live passes.
    public var activeShoppers: Int { passes.count }
    /// Whether the draw is still to come.
    var isDrawAhead: Bool { seed != nil && draw == nil }
    /// Numbers given so far.
    public var issuedNumbers: UInt32 { isDrawAhead ? 0 : places.count }
    /// Lobby entrants: so far before the draw, all after it; nil without a lobby.
    public var lobbySize: UInt32? { seed == nil ? nil : draw?.lobbySize ?? places.count }
    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = schedule.phase(at: now, isPaused: isPaused)
        return phase == .open && isSoldOut ? .soldOut : phase
    }

    /// The pass, if it is live and this buyer's. A signature alone admits nobody; this check decides.
    public func livingPass(_ id: PassID, buyer: BuyerID) -> Pass? {
        guard let pass = passes[id], pass.buyer == buyer else { return nil }
        return pass
    }

    public func place(_ id: PlaceID) -> Place {
        let isOfLobby = seed != nil && id.serial <= draw?.lobbySize ?? places.count
        return Place(
            id: id, number: isDrawAhead ? nil : number(of: id), lobbyIndex: isOfLobby ? id.serial - 1 : nil)
    }

    /// The lobby's buyers in order; nil before the draw.
    public var entrantList: [BuyerID]? {
        draw.map { draw in (0..<draw.lobbySize).map { places.buyer(of: PlaceID($0 + 1)) } }
    }

    /// Whether someone is shopping or called, or the opening is still ahead.
    public func hasUnfinishedBusiness(at now: Timestamp) -> Bool {
        !passes.isEmpty || !calls.isEmpty || schedule.opensAt > now
    }

    /// How many of those who wait are present.
    public func present(at now: Timestamp) -> Int {
        presence.isGrace(at: now) ? waiting : min(waiting, presence.waitingSeen(at: now))
    }

    /// How many numbers the line advances per minute, as measured.
    public func numbersPerMinute(placesLeft: Int) -> Double {
        pace.numbersPerMinute(slots: slots(placesLeft: placesLeft), passSeconds: schedule.passSeconds)
    }

    /// How many people may shop at a time: the cap, but never more than there are places left.
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

    /// Applies and records a fact that was just decided.
    mutating func record(_ decided: some LineFactBody, at now: Timestamp, facts: inout [LineFact]) {
        do throws(ContradictoryFact) {
            pace.elapse(to: now)
            try decided.evolve(&self, at: now)
            facts.append(decided.fact)
        } catch {
            fault = fault ?? error
        }
    }

    /// Notes the time before anything else happens at it.
    @usableFromInline
    mutating func see(_ now: Timestamp) {
        clock = max(clock, now)
        runningSince = runningSince ?? now
        presence.begin(at: now)
        pace.elapse(to: now)
    }
}
