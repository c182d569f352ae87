import Seeded

/// The crowd in the line, as a pure state machine. It is told the time, what the room says and what came of each
/// errand, and answers who is to do what.
///
/// A waiting fan costs no task, timer or request: it wakes when the room reaches its number, or when one of its own
/// moments comes.
struct Crowd: Sendable {
    /// What a fan does next. The shell reports the result of every errand through one of the methods below.
    enum Action: Sendable {
        case join(JoinErrand)
        case ask(AskErrand)
        case listen(fan: Int, generation: Int, ticket: String)
        case stopListening(fan: Int)
        case ended(History.End)
    }

    struct JoinErrand: Sendable {
        let fan: Int
        /// nil if the fan must sign in first.
        let session: String?
        /// Whether the fan already has a place and must get the same one again.
        let isAgain: Bool
        let opensSecondTab: Bool
        let mayHaveLostPlace: Bool
        let random: SeededRandom
    }

    struct AskErrand: Sendable {
        let fan: Int
        let session: String?
        let ticket: String
        let number: Int?
        /// Whether the room has reached its number.
        let isCalled: Bool
        let presence: Presence
        let hasLostAnswer: Bool
        let ticketRefusals: Int
        let random: SeededRandom
    }

    /// The outcome of asking for the pass.
    enum Verdict: Sendable {
        case admitted
        case notYet
        /// The sale admits no one right now.
        case closed
        /// Everything is sold, or the place is spent.
        case tooLate
        case ticketRefused
        case noAnswer
    }

    /// The most connections being opened at once.
    private static let connectingMax = 128
    /// How long the seed may take to appear after the opening before everyone asks for their number, in seconds.
    private static let seedSecondsMax = 5.0
    private static let ticketRefusalsMax = 2

    private(set) var members: [Member]
    private(set) var tally = Tally()
    private let streamsMax: Int
    private var population: [Member.Stage: Int]
    private var calendar = WakeCalendar()
    private var actions: [Action] = []
    private var random: SeededRandom

    private var room: WaitingRoom?
    private var draw: PublishedDraw?
    private var openedAt: Double?
    private var hasAskedAround = false
    /// Nothing is left to buy right now.
    private var isEnding = false
    private var doorsAreClosed = false
    private var fanByNumber: [Int: Int] = [:]
    private var lastNumber = 0
    private var admittedThrough = 0

    /// Who wants to listen, in order, waiting for room for a connection.
    private var listeners: [Int] = []
    private var connecting = 0
    private var listening = 0

    /// - Parameters:
    ///   - arrivals: when each fan comes, in seconds since the start.
    ///   - streams: how many fans listen, evenly spread; also the limit on open streams.
    init(arrivals: [Double], streams: Int, seed: UInt64) {
        let count = arrivals.count
        streamsMax = max(0, min(streams, count))
        random = SeededRandom(seed: seed &+ 77)
        population = [.expected: count]
        members = []
        members.reserveCapacity(count)
        for (fan, moment) in arrivals.enumerated() {
            let listens = (fan + 1) * streamsMax / count > fan * streamsMax / count
            members.append(
                Member(listens: listens, seed: seed &* 1_000_003 &+ UInt64(fan), arrivesAt: moment))
            schedule(fan)
        }
    }

    var isDone: Bool { population[.ended] == members.count || members.isEmpty }

    /// The number of fans in line.
    var waiting: Int { (population[.waiting] ?? 0) + (population[.asking] ?? 0) }

    /// Tells the crowd the time and what the room says; returns what fans do now.
    mutating func advance(to now: Double, room: WaitingRoom?, draw: PublishedDraw?) -> [Action] {
        if let room, room != self.room { hear(room, at: now) }
        if self.draw == nil, openedAt != nil, let draw { learn(draw, at: now) }
        askForNumbers(at: now)
        for fan in calendar.takeDue(by: now) where members[fan].wakesAt <= now + 0.001 {
            members[fan].wakesAt = .infinity
            act(fan, at: now)
        }
        startListening()
        defer { actions = [] }
        return actions
    }

    /// The numbers of some waiting fans who haven't been called.
    mutating func someWaiting(_ wanted: Int) -> [Int] {
        var numbers: [Int] = []
        guard !members.isEmpty else { return [] }
        for _ in 0..<wanted * 5 where numbers.count < wanted {
            let member = members[Int.random(in: members.indices, using: &random)]
            if member.stage == .waiting, let number = member.number, number > admittedThrough { numbers.append(number) }
        }
        return numbers
    }

    /// Ends the rehearsal for everyone still in line; shoppers may finish.
    mutating func closeDoors() {
        guard !doorsAreClosed else { return }
        doorsAreClosed = true
        for fan in members.indices where [.expected, .waiting, .away].contains(members[fan].stage) {
            finish(fan, .stillWaiting)
        }
    }

    // MARK: What the room says

    private mutating func hear(_ room: WaitingRoom, at now: Double) {
        self.room = room
        if openedAt == nil, room.hasOpened { openedAt = now }
        if room.admittedThrough > admittedThrough { call(through: room.admittedThrough, at: now) }
        let isEnding = openedAt != nil && room.isOver
        if isEnding != self.isEnding {
            self.isEnding = isEnding
            for fan in members.indices where members[fan].stage == .waiting {
                members[fan].losesHopeAt = isEnding ? now + within(LineHabits.hopeSeconds, fan) : .infinity
                schedule(fan)
            }
        }
    }

    private mutating func call(through: Int, at now: Double) {
        let first = admittedThrough + 1
        admittedThrough = through
        // A number no fan has been told yet is handled when it is.
        let last = min(through, lastNumber)
        guard first <= last else { return }
        let isShort = last - first < fanByNumber.count
        let called =
            isShort
            ? (first...last).compactMap { fanByNumber[$0] }
            : fanByNumber.filter { $0.key >= first && $0.key <= last }.map(\.value)
        for fan in called where members[fan].stage == .waiting { answerCall(fan, at: now) }
    }

    private mutating func answerCall(_ fan: Int, at now: Double) {
        members[fan].asksAt = min(members[fan].asksAt, now + within(LineHabits.answerCallSeconds, fan))
        schedule(fan)
    }

    private mutating func learn(_ draw: PublishedDraw, at now: Double) {
        self.draw = draw
        for fan in members.indices where members[fan].number == nil && members[fan].stage != .ended {
            guard let index = members[fan].lobbyIndex, let number = draw.number(ofLobbyIndex: index) else { continue }
            learn(number, fan)
            if members[fan].random.happens(LineHabits.compareDraw) {
                members[fan].comparesAt = now + within(LineHabits.compareDrawSeconds, fan)
            }
            guard members[fan].stage == .waiting else { continue }
            if isCalled(fan) { answerCall(fan, at: now) } else { schedule(fan) }
        }
    }

    private mutating func learn(_ number: Int, _ fan: Int) {
        members[fan].number = number
        fanByNumber[number] = fan
        lastNumber = max(lastNumber, number)
    }

    /// If the seed doesn't appear, fans from the lobby ask for their number instead.
    private mutating func askForNumbers(at now: Double) {
        guard let openedAt, draw == nil, !hasAskedAround, now > openedAt + Crowd.seedSecondsMax else { return }
        hasAskedAround = true
        for fan in members.indices where members[fan].stage == .waiting && members[fan].number == nil {
            members[fan].comparesAt = now + within(LineHabits.compareDrawSeconds, fan)
            schedule(fan)
        }
    }

    // MARK: What a fan does

    private mutating func act(_ fan: Int, at now: Double) {
        let member = members[fan]
        switch member.stage {
        case .expected where member.arrivesAt <= now, .away where member.returnsAt <= now:
            join(fan)
        case .waiting where member.losesHopeAt <= now:
            finish(fan, .tooLate)
        case .waiting where member.leavesAt <= now:
            tally.leavers += 1
            finish(fan, .left)
        case .waiting where member.closesTabAt <= now:
            closeTab(fan, at: now)
        case .waiting where member.asksAt <= now:
            ask(fan)
        case .waiting where member.comparesAt <= now:
            members[fan].comparesAt = .infinity
            join(fan)
        case .waiting where member.listensAt <= now:
            members[fan].listensAt = .infinity
            listeners.append(fan)
            schedule(fan)
        case .expected, .away, .waiting:
            schedule(fan)
        case .joining, .asking, .shopping, .ended:
            break
        }
    }

    private mutating func join(_ fan: Int) {
        let isAgain = !members[fan].ticket.isEmpty
        if members[fan].stage == .away { members[fan].hasReturned = true }
        enter(.joining, fan)
        let opensSecondTab = !isAgain && members[fan].random.happens(LineHabits.openSecondTab)
        tally.secondTabs += opensSecondTab ? 1 : 0
        actions.append(
            .join(
                JoinErrand(
                    fan: fan, session: members[fan].session, isAgain: isAgain, opensSecondTab: opensSecondTab,
                    mayHaveLostPlace: members[fan].hasLostAnswer, random: chance(fan))))
    }

    private mutating func ask(_ fan: Int) {
        members[fan].asksAt = .infinity
        enter(.asking, fan)
        let member = members[fan]
        actions.append(
            .ask(
                AskErrand(
                    fan: fan, session: members[fan].session, ticket: member.ticket, number: member.number,
                    isCalled: isCalled(fan),
                    presence: member.presence, hasLostAnswer: member.hasLostAnswer,
                    ticketRefusals: member.ticketRefusals, random: chance(fan))))
    }

    private mutating func closeTab(_ fan: Int, at now: Double) {
        stopListening(fan)
        members[fan].closesTabAt = .infinity
        members[fan].lastAsk = nil
        members[fan].returnsAt = now + within(LineHabits.awaySeconds, fan)
        enter(.away, fan)
        schedule(fan)
    }

    private mutating func finish(_ fan: Int, _ end: History.End) {
        guard members[fan].stage != .ended else { return }
        stopListening(fan)
        enter(.ended, fan)
        members[fan].session = nil
        members[fan].ticket = ""
        actions.append(.ended(end))
    }

    /// Puts the fan in line (again), to ask for the pass at a given moment, or at once if called.
    private mutating func wait(_ fan: Int, at now: Double, asksAt: Double? = nil) {
        guard !doorsAreClosed else { return finish(fan, .stillWaiting) }
        enter(.waiting, fan)
        if let asksAt {
            members[fan].asksAt = asksAt
        } else if isCalled(fan) {
            members[fan].asksAt = now + within(LineHabits.answerCallSeconds, fan)
        } else if members[fan].streamSince != nil {
            members[fan].asksAt = .infinity
        } else if members[fan].asksAt == .infinity {
            members[fan].asksAt = now + within(LineHabits.presenceSeconds, fan)
        }
        members[fan].losesHopeAt = isEnding ? now + within(LineHabits.hopeSeconds, fan) : .infinity
        schedule(fan)
    }

    private func isCalled(_ fan: Int) -> Bool {
        guard openedAt != nil, let number = members[fan].number else { return false }
        return number <= admittedThrough
    }

    // MARK: Results of errands

    /// The fan has a place: its first, or the same again.
    mutating func joined(_ fan: Int, session: String, place: Contract.PlaceTicket, at now: Double) {
        guard members[fan].stage == .joining else { return }
        let isFirst = members[fan].ticket.isEmpty
        members[fan].session = session
        members[fan].ticket = place.ticket
        if let index = place.lobbyIndex { members[fan].lobbyIndex = index }
        let drawn = members[fan].lobbyIndex.flatMap { draw?.number(ofLobbyIndex: $0) }
        if let number = place.number ?? drawn { learn(number, fan) }
        if members[fan].hasReturned {
            members[fan].hasReturned = false
            tally.returners += 1
        }
        if members[fan].listens, !members[fan].hasStream { members[fan].listensAt = now }
        guard isFirst else { return wait(fan, at: now) }
        tally.joinedInLobby += openedAt == nil ? 1 : 0
        tally.joinedLater += openedAt == nil ? 0 : 1
        if members[fan].random.happens(LineHabits.leave) {
            members[fan].leavesAt = now + within(LineHabits.leaveSeconds, fan)
        } else if members[fan].random.happens(LineHabits.closeTab / (1 - LineHabits.leave)) {
            members[fan].closesTabAt = now + within(LineHabits.closeTabSeconds, fan)
        }
        wait(fan, at: now, asksAt: isCalled(fan) ? now : now + within(LineHabits.firstPresenceSeconds, fan))
    }

    /// Joining was refused or got no answer.
    ///
    /// - Parameter mayTryAgain: the sale takes no one right now, but may later.
    mutating func couldNotJoin(_ fan: Int, mayTryAgain: Bool, isTooLate: Bool, at now: Double) {
        guard members[fan].stage == .joining else { return }
        if isTooLate || (mayTryAgain && isEnding) {
            finish(fan, .tooLate)
        } else if doorsAreClosed {
            finish(fan, .stillWaiting)
        } else if !members[fan].ticket.isEmpty {
            wait(fan, at: now)
        } else if mayTryAgain {
            members[fan].arrivesAt = now + within(LineHabits.askAgainLaterSeconds, fan)
            enter(.expected, fan)
            schedule(fan)
        } else {
            finish(fan, .givenUp)
        }
    }

    /// An ask for the pass got its answer, or none.
    mutating func asked(_ fan: Int, _ verdict: Verdict, sentAt: Double, at now: Double) {
        guard members[fan].stage == .asking else { return }
        if verdict != .noAnswer { members[fan].asksUnanswered = 0 }
        switch verdict {
        case .admitted:
            stopListening(fan)
            enter(.shopping, fan)
        case .notYet:
            members[fan].lastAsk = (sentAt: sentAt, answeredAt: now)
            wait(fan, at: now, asksAt: isCalled(fan) ? now + within(LineHabits.askAgainSeconds, fan) : nil)
        case .closed:
            // It is unknown whether this marked the fan present.
            members[fan].lastAsk = nil
            wait(fan, at: now, asksAt: isCalled(fan) ? now + within(LineHabits.askAgainLaterSeconds, fan) : nil)
        case .tooLate:
            finish(fan, .tooLate)
        case .ticketRefused:
            members[fan].ticketRefusals += 1
            guard members[fan].ticketRefusals < Crowd.ticketRefusalsMax else { return finish(fan, .givenUp) }
            // A ticket from the lobby may have to be exchanged for one with a number.
            tally.ticketsRenewed += 1
            members[fan].comparesAt = now
            wait(fan, at: now, asksAt: now + within(LineHabits.askAgainSeconds, fan))
        case .noAnswer:
            members[fan].hasLostAnswer = true
            members[fan].asksUnanswered += 1
            // Back off, so that not everyone meets a recovering server at once.
            let patience = Double(1 << min(members[fan].asksUnanswered - 1, 3))
            wait(fan, at: now, asksAt: now + patience * within(LineHabits.askAgainSeconds, fan))
        }
    }

    /// The fan has finished shopping and has no pass any more.
    mutating func shopped(_ fan: Int, _ end: History.End) {
        finish(fan, end)
    }

    // MARK: Streams

    private mutating func startListening() {
        var started = 0
        while started < listeners.count, connecting < Crowd.connectingMax, connecting + listening < streamsMax {
            let fan = listeners[started]
            started += 1
            guard [.waiting, .asking, .joining].contains(members[fan].stage), !members[fan].hasStream else { continue }
            members[fan].hasStream = true
            members[fan].streamGeneration += 1
            connecting += 1
            actions.append(
                .listen(fan: fan, generation: members[fan].streamGeneration, ticket: members[fan].ticket))
        }
        listeners.removeFirst(started)
    }

    private mutating func stopListening(_ fan: Int) {
        members[fan].listensAt = .infinity
        guard members[fan].hasStream else { return }
        forgetStream(fan)
        actions.append(.stopListening(fan: fan))
    }

    private mutating func forgetStream(_ fan: Int) {
        if members[fan].streamSince == nil { connecting -= 1 } else { listening -= 1 }
        members[fan].hasStream = false
        members[fan].streamSince = nil
    }

    /// A fan's stream got its first message.
    mutating func streamOpened(_ fan: Int, generation: Int, at now: Double) {
        guard members[fan].hasStream, members[fan].streamGeneration == generation, members[fan].streamSince == nil
        else { return }
        connecting -= 1
        listening += 1
        tally.streamsMost = max(tally.streamsMost, listening)
        members[fan].streamSince = now
        members[fan].streamBreaks = 0
        // The stream itself marks its holder present.
        if members[fan].stage == .waiting, !isCalled(fan) { members[fan].asksAt = .infinity }
    }

    /// A fan's stream ended or could not be opened. The fan reconnects after a while, longer each time, and asks
    /// meanwhile.
    mutating func streamBroke(_ fan: Int, generation: Int, retrySeconds: Double?, at now: Double) {
        guard members[fan].hasStream, members[fan].streamGeneration == generation else { return }
        tally.streamBreaks += 1
        members[fan].streamBreaks += 1
        forgetStream(fan)
        let asked = retrySeconds.flatMap { $0.isFinite ? max(0.1, $0) : nil } ?? LineHabits.reconnectSeconds
        let delay = min(asked * Double(members[fan].streamBreaks), LineHabits.reconnectSecondsMax)
        members[fan].listensAt = now + delay * within(1.0...2.0, fan)
        members[fan].asksAt = min(members[fan].asksAt, now + within(LineHabits.firstPresenceSeconds, fan))
        if members[fan].stage == .waiting { schedule(fan) }
    }

    // MARK: Records

    private mutating func enter(_ stage: Member.Stage, _ fan: Int) {
        population[members[fan].stage, default: 0] -= 1
        population[stage, default: 0] += 1
        members[fan].stage = stage
    }

    private mutating func schedule(_ fan: Int) {
        let moment = members[fan].nextMoment
        guard moment < members[fan].wakesAt || members[fan].wakesAt == .infinity else { return }
        guard moment < .infinity else { return }
        members[fan].wakesAt = moment
        calendar.add(fan, at: moment)
    }

    /// A duration drawn from the range with the fan's own randomness, in seconds.
    private mutating func within(_ range: ClosedRange<Double>, _ fan: Int) -> Double {
        Double.random(in: range, using: &members[fan].random)
    }

    private mutating func chance(_ fan: Int) -> SeededRandom {
        SeededRandom(seed: members[fan].random.next())
    }
}
