import Foundation
import NIOCore
import NIOHTTP1
import Seeded

/// A crowd that gathers in the lobby, lines up and is let in: the shell that runs the errands of ``Crowd``.
struct LineRehearsal: Sendable {
    private static let tick = Duration.milliseconds(50)
    private static let pollEvery = Duration.milliseconds(600)
    /// How often estimates are recorded, in seconds, and for how many fans.
    private static let estimateEverySeconds = 5
    private static let estimatedFans = 40
    /// A pass counts as alive until this long before its end.
    private static let passMarginSeconds = 1.0
    private static let openingMarginSeconds = 2.0

    private let hall: Hall
    private let client: ContractClient
    private let history: History
    private let line: LineHistory
    private let board: RoomBoard
    private let crowd: SharedCrowd
    private let streams: WaitingRoomStreams
    /// When the sale opens and when the doors close for those still in line, in seconds since the start.
    private let openingSecond: Double
    private let closingSecond: Double

    /// - Throws: ``RehearsalError/noPlainServer(_:)`` if the URL can't be streamed from.
    init(
        settings: Rehearsal.Settings, lineUp: Rehearsal.LineUp, hall: Hall, client: ContractClient, history: History,
        openingSecond: Double
    ) throws {
        self.hall = hall
        self.client = client
        self.history = history
        self.openingSecond = openingSecond
        closingSecond = openingSecond + lineUp.minutesMax * 60
        line = LineHistory(cap: hall.cap ?? lineUp.cap, history: history)
        board = RoomBoard(line, client.measurements)
        let crowd = SharedCrowd(
            Crowd(
                arrivals: LineRehearsal.arrivals(settings, openingSecond: openingSecond), streams: lineUp.streams,
                seed: settings.seed))
        self.crowd = crowd
        streams = try WaitingRoomStreams(
            url: settings.url, event: hall.event, board: board, measurements: client.measurements
        ) { [measurements = client.measurements] listener, change in
            let now = measurements.elapsedSeconds
            crowd.with { crowd in
                switch change {
                case .opened: crowd.streamOpened(listener.fan, generation: listener.generation, at: now)
                case .broke(let retrySeconds):
                    crowd.streamBroke(
                        listener.fan, generation: listener.generation, retrySeconds: retrySeconds, at: now)
                }
            }
        }
    }

    /// When each fan arrives: most spread over the lobby, most of the others as the sale opens, the rest ever more
    /// sparsely.
    private static func arrivals(_ settings: Rehearsal.Settings, openingSecond: Double) -> [Double] {
        var random = SeededRandom(seed: settings.seed)
        return (0..<settings.fans).map { _ in
            if openingSecond > 1, random.happens(LineHabits.arriveInLobby) {
                return Double.random(in: 0..<openingSecond, using: &random)
            }
            if random.happens(LineHabits.comeAtOnce) {
                return openingSecond + Double.random(in: 0..<LineHabits.atOnceSeconds, using: &random)
            }
            let sparse = 1 - Double.random(in: 0..<1, using: &random).squareRoot()
            return openingSecond + sparse * settings.seconds
        }.sorted()
    }

    private var path: String { "/v1/events/\(hall.event)/waiting-room" }
    private var now: Double { client.measurements.elapsedSeconds }

    /// Runs until every fan is done, or the doors close and the last shopper is done.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await watchRoom() }
            var secondsPassed = 0
            var isDone = false
            // Once more after the last fan is done, for its remaining actions.
            while !isDone {
                isDone = crowd.isDone || Task.isCancelled
                let now = now
                if now > closingSecond || Task.isCancelled { crowd.with { $0.closeDoors() } }
                let room = board.latest
                let draw = line.draw
                for action in crowd.with({ $0.advance(to: now, room: room, draw: draw) }) {
                    start(action, in: &group)
                }
                while secondsPassed < Int(now) {
                    secondsPassed += 1
                    note(second: secondsPassed, at: now)
                }
                try? await Task.sleep(for: LineRehearsal.tick)
            }
        }
        streams.closeAll()
        line.conclude()
    }

    private func start(_ action: Crowd.Action, in group: inout DiscardingTaskGroup) {
        switch action {
        case .join(let errand): group.addTask { await join(errand) }
        case .ask(let errand): group.addTask { await ask(errand) }
        case .listen(let fan, let generation, let ticket):
            streams.open(.init(fan: fan, generation: generation), ticket: ticket)
        case .stopListening(let fan): streams.close(fan: fan)
        case .ended(let end): history.ended(end)
        }
    }

    /// Polls the room for fans without streams, and for the checks, which need answers of known age.
    private func watchRoom() async {
        while !Task.isCancelled, !crowd.isDone {
            let sentAt = now
            if let answer = await client.send(.GET, path, as: .room), answer.status == 200 {
                board.polled(Array(answer.body.readableBytesView), sentAt: sentAt)
            }
            try? await Task.sleep(for: LineRehearsal.pollEvery)
        }
    }

    private func note(second: Int, at now: Double) {
        let room = board.latest
        line.passed(
            .init(
                waiting: crowd.waiting, admittedThrough: room?.admittedThrough ?? 0,
                activeShoppers: room?.activeShoppers ?? 0))
        guard second % LineRehearsal.estimateEverySeconds == 0, let room else { return }
        line.estimated(room, numbers: crowd.with { $0.someWaiting(LineRehearsal.estimatedFans) }, at: now)
    }

    // MARK: Errands

    /// Signs in if needed, and takes a place or asks for the same one again.
    private func join(_ errand: Crowd.JoinErrand) async {
        var random = errand.random
        guard let session = await signIn(errand, &random) else { return couldNotJoin(errand) }
        async let secondTab = errand.opensSecondTab ? takePlace(session) : nil
        let answer = await client.persist(using: &random) { await takePlace(session) }
        let other = await secondTab
        guard let answer else { return couldNotJoin(errand) }
        guard answer.isSuccess, let place = answer.decode(Contract.PlaceTicket.self), place.isReadable else {
            return couldNotJoin(errand, refusedWith: answer)
        }
        let otherPlace = other.flatMap { $0.isSuccess ? $0.decode(Contract.PlaceTicket.self) : nil }
            .flatMap { $0.isReadable ? $0 : nil }
        // The tabs' answers come in any order; the one given a new place counts as first.
        let isOtherFirst = otherPlace != nil && other?.status == 201
        if isOtherFirst, let otherPlace { line.told(errand.fan, otherPlace, isNew: true, isAgain: false) }
        line.told(
            errand.fan, place, isNew: answer.status == 201, isAgain: errand.isAgain || isOtherFirst,
            mayHaveLostPlace: errand.mayHaveLostPlace)
        if !isOtherFirst, let otherPlace { line.told(errand.fan, otherPlace, isNew: false, isAgain: true) }
        let now = now
        crowd.with { $0.joined(errand.fan, session: session, place: place, at: now) }
    }

    private func signIn(_ errand: Crowd.JoinErrand, _ random: inout SeededRandom) async -> String? {
        if let session = errand.session { return session }
        let answer = await client.persist(using: &random) {
            await client.send(
                .POST, "/v1/sessions", json: #"{"email":"fan-\#(errand.fan)@rush.example"}"#, as: .session)
        }
        return answer?.decode(Contract.Session.self)?.token
    }

    private func takePlace(_ session: String) async -> ContractClient.Answer? {
        await client.send(.POST, path, token: session, as: .join)
    }

    private func couldNotJoin(_ errand: Crowd.JoinErrand, refusedWith answer: ContractClient.Answer? = nil) {
        let slug = answer?.slug
        if let answer, slug != "onsale-closed", slug != "sold-out" {
            history.contradict("fan \(errand.fan): joining got \(answer.status) \(slug ?? "")")
        }
        let now = now
        crowd.with {
            $0.couldNotJoin(
                errand.fan, mayTryAgain: slug == "onsale-closed", isTooLate: slug == "sold-out", at: now)
        }
    }

    /// Asks for the pass and shops with it.
    private func ask(_ errand: Crowd.AskErrand) async {
        let sentAt = now
        let answer = await client.send(
            .POST, path + "/pass", token: errand.session, json: #"{"ticket":"\#(errand.ticket)"}"#,
            as: errand.isCalled ? .pass : .presence)
        let answeredAt = now
        let ask = errand.number.map { number in
            FIFOWitness.Ask(
                fan: errand.fan, number: number, sentAt: sentAt, answeredAt: answeredAt, presence: errand.presence)
        }
        let pass = answer.flatMap { $0.isSuccess ? $0.decode(Contract.Pass.self) : nil }
        let verdict: Crowd.Verdict = pass == nil ? meaning(of: answer, errand, ask) : .admitted
        crowd.with { $0.asked(errand.fan, verdict, sentAt: sentAt, at: answeredAt) }
        if let pass { await shop(errand, ask, with: pass, sentAt: sentAt, answeredAt: answeredAt) }
    }

    /// What an answer without a pass means.
    private func meaning(
        of answer: ContractClient.Answer?, _ errand: Crowd.AskErrand, _ ask: FIFOWitness.Ask?
    ) -> Crowd.Verdict {
        guard let answer, answer.isAnAnswer else { return .noAnswer }
        switch answer.slug {
        case "not-admitted":
            if let ask, let told = answer.decode(Contract.NotAdmitted.self) { line.refused(ask, told) }
            return .notYet
        case "place-spent":
            if !errand.hasLostAnswer {
                history.contradict("fan \(errand.fan): the place was spent although no pass had been granted for it")
            }
            return .tooLate
        case "sold-out": return .tooLate
        case "onsale-closed": return .closed
        default:
            if answer.isSuccess || errand.ticketRefusals > 0 {
                history.contradict(
                    "fan \(errand.fan): asking for the pass was answered with \(answer.status) \(answer.slug ?? "")")
            }
            return answer.isSuccess ? .noAnswer : .ticketRefused
        }
    }

    private func shop(
        _ errand: Crowd.AskErrand, _ ask: FIFOWitness.Ask?, with pass: Contract.Pass, sentAt: Double,
        answeredAt: Double
    ) async {
        if answeredAt < openingSecond - LineRehearsal.openingMarginSeconds {
            history.contradict("fan \(errand.fan) was given a pass before the opening")
        }
        let expiresAt = pass.expiresAt.flatMap { Contract.moment($0) }
        if expiresAt == nil {
            history.contradict("fan \(errand.fan) was given a pass without a readable expiresAt")
        }
        let ends = answeredAt + (expiresAt?.timeIntervalSinceNow ?? 0)
        // Whatever the clocks say, the pass wasn't granted before it was requested.
        let livesUntil = min(ends, sentAt + (hall.passSeconds ?? .infinity)) - LineRehearsal.passMarginSeconds
        line.admitted(errand.fan, ask, at: answeredAt, until: livesUntil)
        var fan = Fan(number: errand.fan, hall: hall, client: client, history: history, random: errand.random)
        fan.thinkSecondsMean = LineHabits.thinkSecondsMean
        fan.passEndsAtSecond = livesUntil
        let end = await fan.shop(with: pass.pass)
        await giveUp(pass, of: fan, livesUntil)
        crowd.with { $0.shopped(errand.fan, end) }
    }

    /// The last few places, which a pass's holder may have seen sold: that ends every pass, though some may be back by
    /// now.
    private static let fewPlaces = 20

    private func isNearlySoldOut() async -> Bool {
        let room = await client.send(.GET, path, as: .room)?.decode(WaitingRoom.self)
        return room.map { $0.free <= LineRehearsal.fewPlaces } ?? true
    }

    /// Gives up the pass, and any hold with it, unless it has ended by itself.
    private func giveUp(_ pass: Contract.Pass, of fan: Fan, _ livesUntil: Double) async {
        line.givesUpPass(fan.number)
        guard now < livesUntil else { return }
        if let hold = fan.abandonedHold { history.letGo(hold, at: now) }
        var random = fan.random
        var isFirst = true
        while now < livesUntil {
            let answer = await client.send(.DELETE, path + "/pass", token: pass.pass, as: .release)
            if let answer, answer.isAnAnswer {
                if isFirst, answer.status != 204, now < livesUntil, await !isNearlySoldOut() {
                    history.contradict("fan \(fan.number): a living pass could not be given up: \(answer.status)")
                }
                return
            }
            // It may have been given up all the same.
            isFirst = false
            try? await Task.sleep(for: .seconds(Double.random(in: 0.5...2, using: &random)))
        }
    }

    // MARK: Progress

    /// The line's state so far, in one line of text.
    func progress(_ state: Measurements.State, requestsPerSecond: Int) -> String {
        let room = board.latest
        let parts = [
            room?.phase ?? "–", "waiting \(crowd.waiting)", "admitted through \(room?.admittedThrough ?? 0)",
            "active \(room?.activeShoppers ?? 0)", "sold \(state.sold)", "\(requestsPerSecond) requests/s",
            "errors \(state.errors)",
        ]
        return parts.joined(separator: "  ")
    }

    func report() -> LineReport {
        LineReport(history: line.snapshot(), tally: crowd.with { $0.tally }, messages: board.messages)
    }
}
