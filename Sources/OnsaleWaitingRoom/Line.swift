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
        let numbers: [UInt32]
        /// By number: the place's serial.
        let places: [UInt32]

        public var lobbySize: UInt32 { UInt32(numbers.count) }
    }

    public private(set) var schedule: OnsaleSchedule
    public private(set) var isPaused = false
    public private(set) var isSoldOut = false
    private(set) var places = Places()
    private(set) var passes: [UInt32: Pass] = [:]
    /// The living pass of a place.
    private var passOfPlace: [UInt32: UInt32] = [:]
    private(set) var lastPass: UInt32 = 0
    /// No pass below this one lives. Follows from the rest.
    private var oldestPass: UInt32 = 1
    private(set) var seed: [UInt8]? {
        didSet { drawCommitment = seed.map { Draw.commitment(to: $0) } }
    }
    /// Public from the lobby's first second.
    public private(set) var drawCommitment: [UInt8]?
    public private(set) var draw: DrawResult?
    private var entrants = EntrantsHash()
    /// The largest number called so far.
    public private(set) var admittedThrough: UInt32 = 0
    /// Places that are called, and until when.
    private(set) var calls: [UInt32: Timestamp] = [:]
    /// The same in order of time, with some that are over.
    private var callQueue: [(place: UInt32, until: Timestamp)] = []
    private var callQueueStart = 0
    /// Living passes by the time since which they have been idle, with some that are no longer. Follows from the rest.
    private var idleQueue: [(pass: UInt32, since: Timestamp)] = []
    private var idleQueueStart = 0
    /// Since when this process has driven the line. Soft: nobody is idle while it is down.
    private var drivenSince: Timestamp?
    /// Passes that ended by declined payments: what comes back to them is given back.
    private(set) var declinedPasses: Set<UInt32> = []
    /// A fact that did not apply though it had just been decided on: a bug. Whoever drives the line must stop.
    public private(set) var fault: ContradictoryLineFact?
    /// Places whose holders still want a pass.
    public private(set) var waiting = 0

    // Soft: never journaled, never compared.
    private var presence = Presence()
    private var pace = Pace()
    private var front = Front()
    private var lateness = Lateness()
    /// Numbers up to here have been called or passed over since the start: at first nobody is absent, so whoever was
    /// passed over before is looked at again.
    private var passedThrough: UInt32 = 0
    private var clock = Timestamp(milliseconds: .min)

    public init(schedule: OnsaleSchedule) {
        self.schedule = schedule
    }

    // MARK: What readers see

    /// Passes alive.
    public var activeShoppers: Int { passes.count }
    /// Whether numbers are still to be drawn.
    private var isDrawAhead: Bool { seed != nil && draw == nil }
    /// Numbers given so far.
    public var issuedNumbers: UInt32 { isDrawAhead ? 0 : places.count }
    /// Entrants of the lobby, so far or in all; nil without one.
    public var lobbySize: UInt32? { seed == nil ? nil : draw?.lobbySize ?? places.count }
    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = schedule.phase(at: now, isPaused: isPaused)
        return phase == .open && isSoldOut ? .soldOut : phase
    }

    /// The pass, if it lives and is this buyer's. A signature alone admits nobody: this decides.
    public func livingPass(_ serial: UInt32, buyer: BuyerID) -> Pass? {
        guard let pass = passes[serial], pass.buyer == buyer else { return nil }
        return pass
    }

    public func place(_ serial: UInt32) -> Place {
        let isOfLobby = seed != nil && serial <= draw?.lobbySize ?? places.count
        return Place(
            serial: serial, number: isDrawAhead ? nil : number(of: serial), lobbyIndex: isOfLobby ? serial - 1 : nil)
    }

    /// The buyers who came to the lobby, in order; nil before the draw.
    public var entrantList: [BuyerID]? {
        draw.map { draw in (0..<draw.lobbySize).map { places.buyer(of: $0 + 1) } }
    }

    /// Whether somebody is shopping or called, or the opening lies ahead.
    public func hasUnfinishedBusiness(at now: Timestamp) -> Bool {
        !passes.isEmpty || !calls.isEmpty || schedule.opensAt > now
    }

    /// Numbers by which the line moves in a minute, as measured.
    public func numbersPerMinute(room: Int) -> Double {
        pace.numbersPerMinute(slots: slots(room: room), passSeconds: schedule.passSeconds)
    }

    /// People who may shop at a time: as the places that are left get few, no more than those.
    private func slots(room: Int) -> Int { min(schedule.maxActiveShoppers, room) }

    private func number(of place: UInt32) -> UInt32 {
        if let draw, place <= draw.lobbySize { return draw.numbers[Int(place) - 1] }
        return place
    }

    func place(of number: UInt32) -> UInt32 {
        if let draw, number <= draw.lobbySize { return draw.places[Int(number) - 1] }
        return number
    }

    // MARK: Deciding

    /// - Parameter room: places that are free or held: more people than that need not be let in.
    public mutating func apply(
        _ command: LineCommand, now: Timestamp, room: Int, facts: inout [LineFact]
    ) -> LineOutcome {
        see(now)
        switch command {
        case .join(let buyer): return join(buyer, now: now, room: room, facts: &facts)
        case .claimPass(let buyer, let place):
            return claimPass(buyer, place: place, now: now, room: room, facts: &facts)
        case .giveUp(let serial, let buyer):
            guard livingPass(serial, buyer: buyer) != nil else { return .refused(.passEnded) }
            record(.passGivenUp(serial), at: now, facts: &facts)
            admit(now: now, room: room, facts: &facts)
            return .done
        case .present(let places):
            for place in places where self.places.contains(place) {
                see(place: current(place), now: now, facts: &facts)
            }
            admit(now: now, room: room, facts: &facts)
            return .done
        case .commitDraw(let seed):
            if self.seed == nil, places.count == 0, seed.count == Draw.seedBytes {
                record(.drawCommitted(seed: seed), at: now, facts: &facts)
            }
            return .done
        case .pause:
            if !isPaused { record(.paused, at: now, facts: &facts) }
            return .done
        case .resume:
            if isPaused { record(.resumed, at: now, facts: &facts) }
            admit(now: now, room: room, facts: &facts)
            return .done
        case .reschedule(let change):
            let schedule = self.schedule.changed(by: change)
            // Numbers are given out at the opening; moving it afterwards would undo them.
            if schedule.opensAt != self.schedule.opensAt, self.schedule.opensAt <= now { return .refused(.hasOpened) }
            guard schedule.isInOrder else { return .refused(.outOfOrder) }
            if schedule != self.schedule { record(.rescheduled(schedule), at: now, facts: &facts) }
            withdrawCalls(now: now, facts: &facts)
            advance(to: now, room: room, facts: &facts)
            return .done
        }
    }

    private mutating func join(
        _ buyer: BuyerID, now: Timestamp, room: Int, facts: inout [LineFact]
    ) -> LineOutcome {
        let known = places.place(of: buyer)
        if let known, places[known] != .spent {
            let place = see(place: known, now: now, facts: &facts)
            return .place(self.place(place), isNew: false)
        }
        let phase = phase(at: now)
        // Who lines up must find a line; without one, tickets may be had beforehand.
        guard phase != .closed, phase != .scheduled || !schedule.hasWaitingRoom else { return .refused(.closed) }
        guard waiting + passes.count < Int(Line.placesMax), places.count < Line.placesEverMax else {
            return .refused(.full)
        }
        record(.joined(buyer, place: places.count + 1), at: now, facts: &facts)
        let serial = places.count
        see(place: serial, now: now, facts: &facts)
        admit(now: now, room: room, facts: &facts)
        return .place(place(serial), isNew: true)
    }

    private mutating func claimPass(
        _ buyer: BuyerID, place: UInt32, now: Timestamp, room: Int, facts: inout [LineFact]
    ) -> LineOutcome {
        guard places.contains(place), places.buyer(of: place) == buyer else { return .refused(.placeSpent) }
        var place = current(place)
        guard places[place] != .spent else { return .refused(.placeSpent) }
        if let serial = passOfPlace[place], let pass = passes[serial] { return .pass(pass, isNew: false) }
        // Only asking brings back whoever did not come when called.
        place = see(place: place, asks: true, now: now, facts: &facts)
        switch phase(at: now) {
        case .closed: return .refused(.closed)
        case .soldOut where schedule.hasWaitingRoom: return .refused(.soldOut)
        case .scheduled where !schedule.hasWaitingRoom, .lobby where !schedule.hasWaitingRoom:
            return .refused(.closed)
        default: break
        }
        guard schedule.hasWaitingRoom else { return grant(place, buyer, now: now, facts: &facts) }
        if places[place] != .called { admit(now: now, room: room, facts: &facts) }
        guard places[place] == .called else { return .refused(notAdmitted(place, now: now, room: room)) }
        return grant(place, buyer, now: now, facts: &facts)
    }

    private mutating func grant(
        _ place: UInt32, _ buyer: BuyerID, now: Timestamp, facts: inout [LineFact]
    ) -> LineOutcome {
        let serial = lastPass + 1
        record(
            .passGranted(serial, buyer, place: place, expiresAt: now.adding(seconds: schedule.passSeconds)),
            at: now, facts: &facts)
        return passes[serial].map { .pass($0, isNew: true) } ?? .refused(.placeSpent)
    }

    private func notAdmitted(_ place: UInt32, now: Timestamp, room: Int) -> LineRefusal {
        let untilOpening = Int(max(0, schedule.opensAt.milliseconds - now.milliseconds + 999) / 1000)
        guard !isDrawAhead, untilOpening == 0 else { return .notAdmitted(position: nil, etaSeconds: untilOpening) }
        let number = number(of: place)
        let position = number > admittedThrough ? number - admittedThrough : 0
        let perSecond = max(numbersPerMinute(room: room) / 60, 0.001)
        return .notAdmitted(
            position: position, etaSeconds: Int(min(86_400, (Double(max(1, position)) / perSecond).rounded(.up))))
    }

    // MARK: Admission

    /// Calls the next numbers that are present, while fewer than the cap shop or are called.
    private mutating func admit(now: Timestamp, room: Int, facts: inout [LineFact]) {
        guard schedule.hasWaitingRoom, !isDrawAhead, phase(at: now) == .open else { return }
        let slots = slots(room: room)
        while passes.count + calls.count < slots, let place = takeNext(at: now) {
            record(.called(place, until: now.adding(seconds: Line.callSeconds)), at: now, facts: &facts)
        }
    }

    /// The place that goes next: the smallest number that is there, of those who are back and those not looked at yet.
    private mutating func takeNext(at now: Timestamp) -> UInt32? {
        while let number = front.first, !isBack(place(of: number), at: now) { front.removeFirst() }
        let isGrace = presence.isGrace(at: now)
        while passedThrough < places.count, passedThrough + 1 < front.first ?? .max {
            passedThrough += 1
            lateness.passed(passedThrough, at: now)
            let place = place(of: passedThrough)
            if places[place] == .waiting, isGrace || presence.isSeen(place, at: now) { return place }
        }
        guard let number = front.first else { return nil }
        front.removeFirst()
        return place(of: number)
    }

    private func isBack(_ place: UInt32, at now: Timestamp) -> Bool {
        switch places[place] {
        case .waiting: presence.isGrace(at: now) || presence.isSeen(place, at: now)
        // Was called and did not come: only asking counts.
        case .lapsed: presence.isSeen(place, at: now)
        default: false
        }
    }

    /// Marks a place's holder present. Whoever was passed over for not being there stands first again, or, where that is
    /// too long ago, gets a place at the end.
    /// - Parameter asks: whether the holder asks for the pass.
    /// - Returns: the place that the holder has now.
    @discardableResult
    private mutating func see(
        place: UInt32, asks: Bool = false, now: Timestamp, facts: inout [LineFact]
    ) -> UInt32 {
        presence.see(place, at: now)
        guard !isDrawAhead else { return place }
        let number = number(of: place)
        switch places[place] {
        case .waiting where number <= passedThrough: break
        case .lapsed where asks: break
        default: return place
        }
        guard !front.contains(number) else { return place }
        guard schedule.hasWaitingRoom, lateness.isTooLate(number, at: now, seconds: schedule.frontSeconds),
            places.count < Line.placesEverMax
        else {
            front.insert(number)
            return place
        }
        let new = places.count + 1
        record(.moved(place, to: new), at: now, facts: &facts)
        presence.see(new, at: now)
        return new
    }

    /// The place that stands for one that was moved to the end.
    private func current(_ place: UInt32) -> UInt32 {
        guard places[place] == .moved else { return place }
        return places.place(of: places.buyer(of: place)) ?? place
    }

    /// After the cap was lowered: calls beyond it are taken back, the last numbers first.
    private mutating func withdrawCalls(now: Timestamp, facts: inout [LineFact]) {
        let excess = passes.count + calls.count - schedule.maxActiveShoppers
        guard schedule.hasWaitingRoom, excess > 0, !calls.isEmpty else { return }
        let last = calls.keys.sorted { number(of: $0) > number(of: $1) }.prefix(excess)
        for place in last { record(.callWithdrawn(place), at: now, facts: &facts) }
    }

    // MARK: Passes that nobody uses

    /// A pass that may have been idle for too long; whoever drives the line looks whether its holder has anything in hand.
    public mutating func duePass(at now: Timestamp) -> Pass? {
        guard let head = nextIdle, head.due <= now else { return nil }
        return passes[head.pass]
    }

    /// Ends the pass that ``duePass(at:)`` gave, or, where its holder is busy, leaves it until that has an end.
    public mutating func settleDuePass(isIdle: Bool, now: Timestamp, facts: inout [LineFact]) {
        guard let head = nextIdle else { return }
        idleQueueStart += 1
        if isIdle { record(.passEnded(head.pass, .idle), at: now, facts: &facts) }
    }

    /// A hold or an order of the buyer has ended.
    public mutating func leftOff(_ buyer: BuyerID, at now: Timestamp) {
        guard let place = places.place(of: buyer), let serial = passOfPlace[place] else { return }
        passes[serial]?.idleSince = now
        idleQueue.append((serial, now))
    }

    /// A payment was declined that was made with the pass.
    public mutating func declined(pass serial: UInt32) {
        guard let declines = passes[serial]?.declines, declines < .max else { return }
        passes[serial]?.declines = declines + 1
    }

    /// Ends a pass with which too many payments were declined.
    /// - Returns: the pass, if it has just ended.
    public mutating func endDeclined(pass serial: UInt32, now: Timestamp, facts: inout [LineFact]) -> Pass? {
        guard let pass = passes[serial], Int(pass.declines) >= Line.declinesMax else { return nil }
        record(.passEnded(serial, .declines), at: now, facts: &facts)
        return pass
    }

    /// Whether a pass has ended by declined payments.
    public func hasEndedByDeclines(_ pass: UInt32) -> Bool { declinedPasses.contains(pass) }

    private var nextIdle: (pass: UInt32, due: Timestamp)? {
        mutating get {
            while idleQueueStart < idleQueue.count {
                let head = idleQueue[idleQueueStart]
                if passes[head.pass]?.idleSince == head.since {
                    let since = max(head.since, drivenSince ?? head.since)
                    return (head.pass, since.adding(seconds: schedule.passIdleSeconds))
                }
                idleQueueStart += 1
                if idleQueueStart > 1024, idleQueueStart * 2 > idleQueue.count {
                    idleQueue.removeFirst(idleQueueStart)
                    idleQueueStart = 0
                }
            }
            return nil
        }
    }

    private mutating func see(_ now: Timestamp) {
        clock = max(clock, now)
        drivenSince = drivenSince ?? now
        presence.begin(at: now)
        pace.elapse(to: now)
    }

    // MARK: Time

    /// Whether a lobby is open for which no seed has been committed to.
    public func needsSeed(at now: Timestamp) -> Bool {
        schedule.hasWaitingRoom && seed == nil && places.count == 0 && schedule.lobbyOpensAt.map { $0 <= now } ?? false
            && now < schedule.opensAt
    }

    /// Tells the line what time it is: the numbers are drawn when the sale opens, calls and passes that are due end, and
    /// their slots go to the next.
    public mutating func advance(to now: Timestamp, room: Int, facts: inout [LineFact]) {
        see(now)
        if isDrawAhead, schedule.opensAt <= now {
            record(.drawn(lobbySize: places.count, entrantsHash: entrants.value), at: now, facts: &facts)
        }
        if schedule.hasWaitingRoom, isSoldOut != (room == 0), schedule.opensAt <= now {
            record(room == 0 ? .soldOut : .seatsReturned, at: now, facts: &facts)
        }
        while oldestPass <= lastPass {
            if let pass = passes[oldestPass] {
                guard pass.expiresAt <= now else { break }
                record(.passExpired(pass.serial), at: now, facts: &facts)
            }
            oldestPass += 1
        }
        while let call = nextCall, call.until <= now { record(.callLapsed(call.place), at: now, facts: &facts) }
        admit(now: now, room: room, facts: &facts)
    }

    /// When ``advance(to:room:facts:)`` next has something to do.
    public mutating func nextDue() -> Timestamp? {
        while oldestPass <= lastPass, passes[oldestPass] == nil { oldestPass += 1 }
        var due = passes[oldestPass]?.expiresAt
        func consider(_ moment: Timestamp?) {
            if let moment { due = min(due ?? moment, moment) }
        }
        consider(nextCall?.until)
        consider(nextIdle?.due)
        if schedule.hasWaitingRoom {
            if schedule.opensAt > clock { consider(schedule.opensAt) }
            if let lobbyOpensAt = schedule.lobbyOpensAt, seed == nil, lobbyOpensAt > clock { consider(lobbyOpensAt) }
        }
        return due
    }

    /// The call that ends first.
    private var nextCall: (place: UInt32, until: Timestamp)? {
        mutating get {
            while callQueueStart < callQueue.count {
                let call = callQueue[callQueueStart]
                if calls[call.place] == call.until { return call }
                callQueueStart += 1
                if callQueueStart > 1024, callQueueStart * 2 > callQueue.count {
                    callQueue.removeFirst(callQueueStart)
                    callQueueStart = 0
                }
            }
            return nil
        }
    }

    private mutating func record(_ fact: LineFact, at now: Timestamp, facts: inout [LineFact]) {
        do throws(ContradictoryLineFact) {
            try replay(fact, at: now)
            facts.append(fact)
        } catch {
            fault = fault ?? error
        }
    }

    // MARK: Evolving

    public mutating func replay(_ fact: LineFact, at now: Timestamp) throws(ContradictoryLineFact) {
        pace.elapse(to: now)
        switch fact {
        case .joined(let buyer, let place): try joined(buyer, place)
        case .passGranted(let serial, let buyer, let place, let expiresAt):
            try granted(serial, buyer, place, at: now, until: expiresAt)
        case .passExpired(let serial), .passGivenUp(let serial): try end(pass: serial)
        case .passEnded(let serial, let why):
            try end(pass: serial)
            if why == .declines { declinedPasses.insert(serial) }
        case .paused: isPaused = true
        case .resumed: isPaused = false
        case .rescheduled(let schedule): self.schedule = schedule
        case .drawCommitted(let seed):
            guard self.seed == nil, places.count == 0, seed.count == Draw.seedBytes else {
                throw ContradictoryLineFact(description: "a seed is committed to once, before anybody joins")
            }
            self.seed = seed
        case .drawn(let lobbySize, let entrantsHash):
            guard let seed, draw == nil, lobbySize == places.count, entrantsHash == entrants.value else {
                throw ContradictoryLineFact(description: "the draw is not of these entrants")
            }
            draw = DrawResult(seed: seed, entrantsHash: entrantsHash, lobbySize: lobbySize)
        case .called(let place, let until): try called(place, until: until)
        case .callLapsed(let place):
            guard calls.removeValue(forKey: place) != nil else {
                throw ContradictoryLineFact(description: "place \(place) is not called")
            }
            places[place] = .lapsed
            pace.slotEnded()
        case .soldOut: endEverything()
        case .seatsReturned: isSoldOut = false
        case .callWithdrawn(let place):
            guard calls.removeValue(forKey: place) != nil else {
                throw ContradictoryLineFact(description: "place \(place) is not called")
            }
            places[place] = .waiting
            front.insert(number(of: place))
            pace.callWithdrawn()
        case .moved(let place, let new): try moved(place, to: new)
        }
    }

    private mutating func joined(_ buyer: BuyerID, _ place: UInt32) throws(ContradictoryLineFact) {
        guard place == places.count + 1, places.place(of: buyer).map({ places[$0] == .spent }) ?? true else {
            throw ContradictoryLineFact(description: "place \(place) is out of turn")
        }
        places.append(buyer)
        waiting += 1
        if isDrawAhead { entrants.add(buyer.text) }
    }

    private mutating func moved(_ place: UInt32, to new: UInt32) throws(ContradictoryLineFact) {
        guard new == places.count + 1, places.contains(place), !isDrawAhead,
            places[place] == .waiting || places[place] == .lapsed
        else { throw ContradictoryLineFact(description: "place \(place) can't go to the end") }
        places[place] = .moved
        places.append(places.buyer(of: place))
    }

    private mutating func granted(
        _ serial: UInt32, _ buyer: BuyerID, _ place: UInt32, at now: Timestamp, until expiresAt: Timestamp
    ) throws(ContradictoryLineFact) {
        guard serial == lastPass + 1, places.contains(place), places.buyer(of: place) == buyer,
            places[place] == (schedule.hasWaitingRoom ? .called : .waiting)
        else {
            throw ContradictoryLineFact(description: "pass \(serial) is out of turn")
        }
        // Its slot goes over from the call to the pass.
        calls[place] = nil
        lastPass = serial
        places[place] = .admitted
        passOfPlace[place] = serial
        passes[serial] = Pass(
            serial: serial, buyer: buyer, place: place, grantedAt: now, expiresAt: expiresAt, idleSince: now)
        idleQueue.append((serial, now))
        waiting -= 1
    }

    private mutating func called(_ place: UInt32, until: Timestamp) throws(ContradictoryLineFact) {
        guard places.contains(place), places[place] == .waiting || places[place] == .lapsed, !isDrawAhead else {
            throw ContradictoryLineFact(description: "place \(place) can't be called")
        }
        guard passes.count + calls.count < schedule.maxActiveShoppers else {
            throw ContradictoryLineFact(description: "place \(place) is called over the cap")
        }
        places[place] = .called
        calls[place] = until
        callQueue.append((place, until))
        let number = number(of: place)
        pace.called(passingOver: number > admittedThrough ? Int(number - admittedThrough) - 1 : -1)
        admittedThrough = max(admittedThrough, number)
    }

    private mutating func end(pass serial: UInt32) throws(ContradictoryLineFact) {
        guard let pass = passes.removeValue(forKey: serial) else {
            throw ContradictoryLineFact(description: "pass \(serial) does not live")
        }
        end(pass)
    }

    private mutating func end(_ pass: Pass) {
        passOfPlace[pass.place] = nil
        places[pass.place] = .spent
        if schedule.hasWaitingRoom { pace.slotEnded() }
    }

    private mutating func endEverything() {
        isSoldOut = true
        for pass in passes.values { end(pass) }
        passes.removeAll()
        for place in calls.keys {
            places[place] = .waiting
            // Whoever is still there when seats return goes first.
            front.insert(number(of: place))
        }
        calls.removeAll()
        pace = Pace()
    }
}

extension Line.DrawResult {
    init(seed: [UInt8], entrantsHash: [UInt8], lobbySize: UInt32) {
        self.seed = seed
        self.entrantsHash = entrantsHash
        numbers = Draw.numbers(seed: seed, count: Int(lobbySize))
        var places = [UInt32](repeating: 0, count: numbers.count)
        for (index, number) in numbers.enumerated() { places[Int(number) - 1] = UInt32(index) + 1 }
        self.places = places
    }
}

// MARK: Restoring

extension Line {
    /// Reads what ``encodeSnapshot(into:)`` wrote, after the schedule.
    mutating func restore(from reader: inout ByteReader) throws(ByteReadingError) {
        isPaused = try reader.flag()
        isSoldOut = try reader.flag()
        seed = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.blob() }
        let drawn = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
            (lobbySize: try reader.serial(), entrantsHash: try reader.blob())
        }
        admittedThrough = try reader.serial()
        for _ in 0..<(try reader.serial()) {
            let buyer = try reader.buyer()
            guard let state = PlaceState(rawValue: try reader.byte()) else { throw reader.malformed }
            places.append(buyer, state: state)
            if state.isWaiting { waiting += 1 }
            if seed != nil, drawn == nil { entrants.add(buyer.text) }
        }
        if let (lobbySize, entrantsHash) = drawn {
            guard let seed, lobbySize <= places.count else { throw reader.malformed }
            draw = DrawResult(seed: seed, entrantsHash: entrantsHash, lobbySize: lobbySize)
        }
        guard admittedThrough <= issuedNumbers else { throw reader.malformed }
        for _ in 0..<(try reader.count()) {
            let place = try reader.serial()
            guard places.contains(place) else { throw reader.malformed }
            calls[place] = try reader.timestamp()
            if let until = calls[place] { callQueue.append((place, until)) }
        }
        lastPass = try reader.serial()
        for _ in 0..<(try reader.count()) {
            let serial = try reader.serial()
            let place = try reader.serial()
            guard places.contains(place) else { throw reader.malformed }
            passes[serial] = Pass(
                serial: serial, buyer: places.buyer(of: place), place: place, grantedAt: try reader.timestamp(),
                expiresAt: try reader.timestamp(), idleSince: try reader.timestamp(), declines: try reader.byte())
            passOfPlace[place] = serial
        }
        declinedPasses = Set(try reader.serials())
        idleQueue = passes.values.sorted { ($0.idleSince, $0.serial) < ($1.idleSince, $1.serial) }
            .map { ($0.serial, $0.idleSince) }
        if schedule.hasWaitingRoom { pace.resume(occupied: passes.count + calls.count) }
    }
}
