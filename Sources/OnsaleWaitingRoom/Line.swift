public import OnsaleValues

/// Leave to shop for a while.
public struct Pass: Hashable, Sendable {
    /// Its number within the event: 1, 2, 3 …
    public let serial: UInt32
    public let buyer: BuyerID
    /// The place in line that it was granted for.
    public let number: UInt32
    public let grantedAt: Timestamp
    public let expiresAt: Timestamp
}

/// A buyer's place in line.
public struct Place: Hashable, Sendable {
    public let number: UInt32
    /// The pass granted for it; 0 for none yet.
    public internal(set) var pass: UInt32
}

/// What can be asked of the line.
public enum LineCommand: Hashable, Sendable {
    case join(BuyerID)
    /// Ask for the pass of a place.
    case claimPass(BuyerID, number: UInt32)
    /// Give a pass back before its time.
    case giveUp(pass: UInt32, buyer: BuyerID)
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
    case placeSpent
    case passEnded
    /// The sale has opened, so its opening can't be moved.
    case hasOpened
    /// The lobby would open after the sale, or the sale end before it opens.
    case outOfOrder
}

/// Something that has happened in the line.
public enum LineFact: Hashable, Sendable {
    case joined(BuyerID, number: UInt32)
    case passGranted(UInt32, BuyerID, number: UInt32, expiresAt: Timestamp)
    case passExpired(UInt32)
    case passGivenUp(UInt32)
    case paused
    case resumed
    case rescheduled(OnsaleSchedule)
}

/// A fact that contradicts the line it is applied to.
public struct ContradictoryLineFact: Error, Hashable, Sendable {
    public let description: String
}

/// Who may shop: places, passes and the onsale's phase, as a pure state machine.
///
/// Without a waiting room everyone who joins may have a pass at once; with one, the line decides (to come).
public struct Line: Sendable {
    public private(set) var schedule: OnsaleSchedule
    public private(set) var isPaused = false
    private(set) var places: [BuyerID: Place] = [:]
    private(set) var passes: [UInt32: Pass] = [:]
    public private(set) var lastNumber: UInt32 = 0
    private(set) var lastPass: UInt32 = 0
    /// No pass below this one lives. Follows from the rest.
    private var oldestPass: UInt32 = 1

    public init(schedule: OnsaleSchedule) {
        self.schedule = schedule
    }

    /// Passes alive.
    public var activeShoppers: Int { passes.count }
    /// Places whose holders wait for a pass.
    public var waiting: Int { schedule.hasWaitingRoom ? places.count - passes.count : 0 }

    public func phase(at now: Timestamp) -> OnsalePhase {
        schedule.phase(at: now, isPaused: isPaused)
    }

    /// The pass, if it lives and is this buyer's. A signature alone admits nobody: this decides.
    public func livingPass(_ serial: UInt32, buyer: BuyerID) -> Pass? {
        guard let pass = passes[serial], pass.buyer == buyer else { return nil }
        return pass
    }

    public func place(of buyer: BuyerID) -> Place? { places[buyer] }

    // MARK: Deciding

    public mutating func apply(_ command: LineCommand, now: Timestamp, facts: inout [LineFact]) -> LineOutcome {
        switch command {
        case .join(let buyer):
            if let place = places[buyer] { return .place(place, isNew: false) }
            guard phase(at: now) != .closed else { return .refused(.closed) }
            record(.joined(buyer, number: lastNumber + 1), at: now, facts: &facts)
            return .place(Place(number: lastNumber, pass: 0), isNew: true)
        case .claimPass(let buyer, let number):
            return claimPass(buyer, number: number, now: now, facts: &facts)
        case .giveUp(let serial, let buyer):
            guard livingPass(serial, buyer: buyer) != nil else { return .refused(.passEnded) }
            record(.passGivenUp(serial), at: now, facts: &facts)
            return .done
        case .pause:
            if !isPaused { record(.paused, at: now, facts: &facts) }
            return .done
        case .resume:
            if isPaused { record(.resumed, at: now, facts: &facts) }
            return .done
        case .reschedule(let change):
            let schedule = self.schedule.changed(by: change)
            // Numbers are given out at the opening; moving it afterwards would undo them.
            if schedule.opensAt != self.schedule.opensAt, self.schedule.opensAt <= now { return .refused(.hasOpened) }
            guard schedule.isInOrder else { return .refused(.outOfOrder) }
            if schedule != self.schedule { record(.rescheduled(schedule), at: now, facts: &facts) }
            return .done
        }
    }

    private mutating func claimPass(
        _ buyer: BuyerID, number: UInt32, now: Timestamp, facts: inout [LineFact]
    ) -> LineOutcome {
        guard let place = places[buyer], place.number == number else { return .refused(.placeSpent) }
        if let pass = passes[place.pass] { return .pass(pass, isNew: false) }
        // Without a waiting room a pause stops holds, not passes.
        guard [.open, .paused].contains(phase(at: now)) else { return .refused(.closed) }
        let serial = lastPass + 1
        record(
            .passGranted(serial, buyer, number: number, expiresAt: now.adding(seconds: schedule.passSeconds)),
            at: now, facts: &facts)
        guard let pass = passes[serial] else { preconditionFailure("a pass just granted is there") }
        return .pass(pass, isNew: true)
    }

    /// Tells the line what time it is: passes that are due end.
    public mutating func advance(to now: Timestamp, facts: inout [LineFact]) {
        while oldestPass <= lastPass {
            if let pass = passes[oldestPass] {
                guard pass.expiresAt <= now else { break }
                record(.passExpired(pass.serial), at: now, facts: &facts)
            }
            oldestPass += 1
        }
    }

    /// When ``advance(to:facts:)`` next has something to do.
    public mutating func nextDue() -> Timestamp? {
        while oldestPass <= lastPass, passes[oldestPass] == nil { oldestPass += 1 }
        return passes[oldestPass]?.expiresAt
    }

    private mutating func record(_ fact: LineFact, at now: Timestamp, facts: inout [LineFact]) {
        do throws(ContradictoryLineFact) {
            try replay(fact, at: now)
        } catch {
            preconditionFailure("a fact just decided on must apply: \(error)")
        }
        facts.append(fact)
    }

    // MARK: Evolving

    public mutating func replay(_ fact: LineFact, at now: Timestamp) throws(ContradictoryLineFact) {
        switch fact {
        case .joined(let buyer, let number):
            guard number == lastNumber + 1, places[buyer] == nil else {
                throw ContradictoryLineFact(description: "number \(number) is out of turn")
            }
            lastNumber = number
            places[buyer] = Place(number: number, pass: 0)
        case .passGranted(let serial, let buyer, let number, let expiresAt):
            guard serial == lastPass + 1, places[buyer]?.number == number, places[buyer]?.pass == 0 else {
                throw ContradictoryLineFact(description: "pass \(serial) is out of turn")
            }
            lastPass = serial
            places[buyer]?.pass = serial
            passes[serial] = Pass(
                serial: serial, buyer: buyer, number: number, grantedAt: now, expiresAt: expiresAt)
        case .passExpired(let serial), .passGivenUp(let serial):
            guard let pass = passes.removeValue(forKey: serial) else {
                throw ContradictoryLineFact(description: "pass \(serial) does not live")
            }
            places[pass.buyer] = nil
        case .paused: isPaused = true
        case .resumed: isPaused = false
        case .rescheduled(let schedule): self.schedule = schedule
        }
    }
}

// MARK: Snapshots

extension Line {
    /// Writes the state. Two equal states write equal bytes.
    public func encodeSnapshot(into writer: inout ByteWriter) {
        writer.write(schedule: schedule)
        writer.write(flag: isPaused)
        writer.write(serial: lastNumber)
        writer.write(serial: lastPass)
        let standing = places.sorted { $0.value.number < $1.value.number }
        writer.write(count: standing.count)
        for (buyer, place) in standing {
            writer.write(buyer: buyer)
            writer.write(serial: place.number)
            writer.write(serial: place.pass)
        }
        let living = passes.values.sorted { $0.serial < $1.serial }
        writer.write(count: living.count)
        for pass in living {
            writer.write(serial: pass.serial)
            writer.write(buyer: pass.buyer)
            writer.write(serial: pass.number)
            writer.write(timestamp: pass.grantedAt)
            writer.write(timestamp: pass.expiresAt)
        }
    }

    public init(snapshot reader: inout ByteReader) throws(ByteReadingError) {
        self.init(schedule: try reader.schedule())
        isPaused = try reader.flag()
        lastNumber = try reader.serial()
        lastPass = try reader.serial()
        for _ in 0..<(try reader.count()) {
            let buyer = try reader.buyer()
            places[buyer] = Place(number: try reader.serial(), pass: try reader.serial())
        }
        for _ in 0..<(try reader.count()) {
            let serial = try reader.serial()
            passes[serial] = Pass(
                serial: serial, buyer: try reader.buyer(), number: try reader.serial(),
                grantedAt: try reader.timestamp(), expiresAt: try reader.timestamp())
        }
    }

    /// What must hold of the line: a line for each breach of rule 5.
    public var breaches: [String] {
        var breaches: [String] = []
        for pass in passes.values.sorted(by: { $0.serial < $1.serial }) where places[pass.buyer]?.pass != pass.serial {
            breaches.append("pass \(pass.serial) lives without its place")
        }
        if Set(places.values.map(\.number)).count != places.count { breaches.append("two places have one number") }
        return breaches
    }
}
