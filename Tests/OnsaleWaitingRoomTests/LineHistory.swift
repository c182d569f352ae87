import OnsaleValues
import Seeded

@testable import OnsaleWaitingRoom

/// A random history of a line, checked step by step from outside: by the requests, the answers and the facts.
struct LineHistory {
    /// What an outside observer knows about a place.
    private struct Known {
        let buyer: Int
        var number: LineNumber?
        var lobbyIndex: UInt32?
        var state: PlaceState
        var seenAt: Int64
        /// Whether its holder claimed after the call had lapsed.
        var hasAsked = false
    }

    private static let people = 14
    private static let steps = 90
    private static let opensAt: Int64 = 1_000_060

    private var random: SeededRandom
    private var line: Line
    private let firstSchedule: OnsaleSchedule
    private var now: Int64 = 1_000_000
    private var startedAt: Int64 = 1_000_000
    private var placesLeft = 1000
    private var journal: [(fact: LineFact, at: Timestamp)] = []
    private var known: [PlaceID: Known] = [:]
    private var newest: [Int: PlaceID] = [:]
    private var passes: [PassID: PlaceID] = [:]
    private var admittedThrough: LineNumber = 0
    private(set) var faults: [String] = []

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        let hasLobby = seed % 3 != 0
        firstSchedule = OnsaleSchedule(
            lobbyOpensAt: hasLobby ? Timestamp(seconds: 1_000_010) : nil,
            opensAt: Timestamp(seconds: LineHistory.opensAt), closesAt: nil, hasWaitingRoom: true,
            maxActiveShoppers: Int.random(in: 1...4, using: &random),
            passSeconds: Int.random(in: 5...90, using: &random),
            passIdleSeconds: Int.random(in: 10...60, using: &random),
            frontSeconds: Int.random(in: 5...60, using: &random))
        line = Line(schedule: firstSchedule)
    }

    private var time: Timestamp { Timestamp(seconds: now) }

    mutating func run() {
        for _ in 0..<LineHistory.steps where faults.isEmpty { step() }
        checkReplay()
    }

    private mutating func step() {
        tell { line, now, placesLeft, facts in
            // Every third holder is busy whenever the line checks.
            while let pass = line.duePass(at: now) {
                line.settleDuePass(isIdle: pass.id.serial % 3 != 0, now: now, facts: &facts)
            }
            line.advance(to: now, placesLeft: placesLeft, facts: &facts)
        }
        if line.needsSeed(at: time) {
            apply(CommitDraw(seed: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }))
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: join(Int.random(in: 0..<LineHistory.people, using: &random))
        case 30..<55: claim()
        case 55..<65: giveUp()
        case 65..<78: bePresent()
        case 78..<90: now += [0, 1, 1, 2, 5, 12, 21, 31, 45].randomElement(using: &random) ?? 1
        case 90..<92: if line.isPaused { apply(ResumeSale()) } else { apply(PauseSale()) }
        case 92..<94:
            apply(
                ChangeSchedule(
                    ScheduleChange(
                        lobbyOpensAt: nil, opensAt: nil, closesAt: nil,
                        maxActiveShoppers: Int.random(in: 0...5, using: &random))))
        case 94..<97: placesLeft = [0, 0, 1, 2, 3, 1000, 1000].randomElement(using: &random) ?? 1000
        default: restart()
        }
        checkCounts()
    }

    // MARK: Steps

    private mutating func join(_ person: Int) {
        let before = newest[person]
        if let before { see(before) }
        guard case .success((let place, let isNew)) = apply(JoinLine(BuyerID(high: 7, low: UInt64(person)))) else {
            return
        }
        if let before, known[before]?.state != .spent {
            let isMoved = known[before]?.state == .moved
            if isNew || place.id != (isMoved ? newest[person] : before) {
                faults.append("person \(person) got a second place")
            }
            if !isMoved, place.number != known[before]?.number || place.lobbyIndex != known[before]?.lobbyIndex {
                faults.append("person \(person)'s place has changed to \(place)")
            }
        }
        if let number = place.number,
            known.contains(where: { $0.key != place.id && $0.value.number == number })
        {
            faults.append("number \(number) was given twice")
        }
    }

    private mutating func claim() {
        guard let ticket = known.keys.sorted().randomElement(using: &random), let holder = known[ticket]?.buyer else {
            return
        }
        let serial = current(ticket)
        guard let asked = known[serial] else { return }
        see(ticket)
        known[serial]?.hasAsked = true
        let before = passes
        let outcome = apply(ClaimPass(of: ticket, buyer: BuyerID(high: 7, low: UInt64(holder))))
        switch outcome {
        case .success(let pass):
            if asked.state == .spent { faults.append("spent place \(serial) got a pass") }
            if before[pass.id] ?? serial != serial { faults.append("pass \(pass.id) is another place's") }
        case .failure(.placeSpent):
            if asked.state != .spent { faults.append("place \(serial) was called spent") }
        case .failure(.notAdmitted(let position, _)):
            if asked.state == .called { faults.append("place \(serial) was called and not admitted") }
            if let position, let number = known[current(ticket)]?.number,
                position != number.serial - min(number, line.admittedThrough).serial
            {
                faults.append("place \(serial) is \(position) away")
            }
        default: break
        }
    }

    private mutating func giveUp() {
        guard let pass = passes.keys.sorted().randomElement(using: &random), let place = passes[pass],
            let holder = known[place]
        else { return }
        apply(GiveUpPass(pass, buyer: BuyerID(high: 7, low: UInt64(holder.buyer))))
        if known[place]?.state != .spent { faults.append("pass \(pass) was not given up") }
    }

    private mutating func bePresent() {
        let places = known.keys.sorted().filter { _ in Bool.random(using: &random) }
        for place in places { see(place) }
        apply(NotePresence(of: places))
    }

    /// The place a ticket currently refers to.
    private func current(_ ticket: PlaceID) -> PlaceID {
        guard let known = known[ticket], known.state == .moved else { return ticket }
        return newest[known.buyer] ?? ticket
    }

    private mutating func see(_ ticket: PlaceID) {
        let place = current(ticket)
        guard let before = known[place] else { return }
        // A holder who was away must claim again.
        if now - before.seenAt > 30 { known[place]?.hasAsked = false }
        known[place]?.seenAt = now
    }

    private mutating func restart() {
        let snapshot = bytes(of: line)
        var reader = ByteReader(snapshot)
        guard let restored = try? Line(snapshot: &reader), reader.isAtEnd else {
            faults.append("the snapshot can't be read")
            return
        }
        if bytes(of: restored) != snapshot { faults.append("a snapshot changes when it is read and written") }
        line = restored
        startedAt = now
        for place in known.keys {
            known[place]?.seenAt = .min / 2
            known[place]?.hasAsked = false
        }
    }

    @discardableResult
    private mutating func apply<Command: LineCommand>(_ command: Command) -> Result<Command.Answer, LineRefusal> {
        tell { $0.ask(command, at: $1, placesLeft: $2, facts: &$3) }
    }

    private mutating func tell<Answer>(_ body: (inout Line, Timestamp, Int, inout [LineFact]) -> Answer) -> Answer {
        var facts: [LineFact] = []
        let answer = body(&line, time, placesLeft, &facts)
        for fact in facts {
            journal.append((fact, time))
            judge(fact)
        }
        return answer
    }

    // MARK: Checks

    private mutating func spend(_ pass: PassID) {
        if let place = passes.removeValue(forKey: pass) { known[place]?.state = .spent }
    }

    private mutating func judge(_ fact: LineFact) {
        switch fact {
        case .joined(let joined):
            let (buyer, place) = (joined.buyer, joined.place)
            known[place] = Known(
                buyer: Int(buyer.low), number: line.place(place).number, lobbyIndex: line.place(place).lobbyIndex,
                state: .waiting, seenAt: now)
            newest[Int(buyer.low)] = place
        case .drawn:
            for place in known.keys { known[place]?.number = line.place(place).number }
            if Set(known.values.compactMap(\.number)) != Set((0..<known.count).map { LineNumber(UInt32($0) + 1) }) {
                faults.append("the draw did not give every number once")
            }
        case .called(let called): judgeCall(of: called.place)
        case .callLapsed(let lapsed):
            known[lapsed.place]?.state = .lapsed
            known[lapsed.place]?.hasAsked = false
        case .passGranted(let granted):
            let (pass, place) = (granted.pass, granted.place)
            if known[place]?.state != .called { faults.append("place \(place) was admitted without a call") }
            known[place]?.state = .admitted
            passes[pass] = place
            let called = known.values.count { $0.state == .called }
            if passes.count + called > line.schedule.maxActiveShoppers {
                faults.append("pass \(pass) is granted over the cap")
            }
        case .callWithdrawn(let withdrawn): known[withdrawn.place]?.state = .waiting
        case .moved(let moved):
            let (place, new) = (moved.place, moved.to)
            guard let before = known[place], before.state == .waiting || before.state == .lapsed else {
                faults.append("place \(place) was moved")
                return
            }
            known[place]?.state = .moved
            known[new] = Known(
                buyer: before.buyer, number: line.place(new).number, lobbyIndex: nil, state: .waiting, seenAt: now)
            newest[before.buyer] = new
        case .passExpired(let expired): spend(expired.pass)
        case .passGivenUp(let givenUp): spend(givenUp.pass)
        case .passEnded(let ended): spend(ended.pass)
        case .soldOut:
            for place in passes.values { known[place]?.state = .spent }
            passes = [:]
            for place in known.keys where known[place]?.state == .called { known[place]?.state = .waiting }
        case .paused, .resumed, .rescheduled, .drawCommitted, .seatsReturned: break
        }
        let called = known.values.count { $0.state == .called }
        if case .called = fact, passes.count + called > line.schedule.maxActiveShoppers {
            faults.append("\(passes.count) passes and \(called) calls are over the cap")
        }
    }

    private mutating func judgeCall(of place: PlaceID) {
        guard let number = known[place]?.number else {
            faults.append("place \(place) was called without a number")
            return
        }
        for (other, waiting) in known where other != place {
            guard let smaller = waiting.number, smaller < number else { continue }
            let isSeen = now - waiting.seenAt <= 30
            let isGrace = now - startedAt < 30
            let mayGo = waiting.state == .waiting && (isSeen || isGrace)
            if mayGo || waiting.state == .lapsed && waiting.hasAsked && isSeen {
                faults.append("number \(number) was called before \(smaller), who is there")
            }
        }
        known[place]?.state = .called
        admittedThrough = max(admittedThrough, number)
    }

    private mutating func checkCounts() {
        if line.activeShoppers != passes.count { faults.append("\(line.activeShoppers) shoppers, not \(passes.count)") }
        if line.admittedThrough != admittedThrough { faults.append("admitted through \(line.admittedThrough)") }
        let waiting = known.values.count { ![.admitted, .spent, .moved].contains($0.state) }
        if line.waiting != waiting { faults.append("\(line.waiting) waiting, not \(waiting)") }
        faults += line.breaches().map(\.description)
    }

    /// Rule 6: the facts alone give the same state.
    private mutating func checkReplay() {
        var replayed = Line(schedule: firstSchedule)
        for (fact, at) in journal {
            var writer = ByteWriter()
            fact.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            do {
                guard try LineFact(tag: reader.byte(), from: &reader) == fact, reader.isAtEnd else {
                    faults.append("\(fact) is read as another fact")
                    return
                }
                try replayed.replay(fact, at: at)
            } catch {
                faults.append("\(fact): \(error)")
                return
            }
        }
        if bytes(of: replayed) != bytes(of: line) { faults.append("the facts give another state") }
    }

    private func bytes(of line: Line) -> [UInt8] {
        var writer = ByteWriter()
        line.encodeSnapshot(into: &writer)
        return writer.bytes
    }
}

extension Timestamp {
    init(seconds: Int64) { self.init(milliseconds: seconds * 1000) }
}
