import Doubles
import OnsaleOwnership
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Seeded
import Synchronization

@testable import OnsaleEngine

/// Some nodes, the database they share, a provider and a crowd: everything follows from one seed, in one thread.
final class World {
    static let start = Timestamp(milliseconds: 1_800_000_000_000)
    /// For so long things go wrong, in milliseconds; then for so long nothing does.
    private static let trouble: Int64 = 20_000
    private static let calm: Int64 = 40_000
    /// For so long a deposed owner may not have noticed; a turn or two more in which it acts on what it believed.
    private static let unawareMilliseconds: Int64 = 2500
    /// Within so long of the last fault every event must sell again.
    private static let recovery: Int64 = 5000
    /// More often no event goes from node to node, whatever happens.
    private static let movesMax = 15
    private static let buyers = 10
    private static let seats = 12

    private var random: SeededRandom
    private let database: SimulatedDatabase
    private let grapevine: Grapevine
    private let gateway = FakeGateway()
    private let crowd = Crowd()
    private var nodes: [SimulatedNode] = []
    private var names = ["a", "b", "c"]
    /// The node that only shows what others sell, in some runs.
    private static let edge = "edge"
    private var events = ["opera", "rock", "fair"]
    private var session: UInt64 = 0
    private var now: Int64 = 0
    private var requests = 0
    private var keys = 0
    /// Where the journal stood two seconds before the end.
    private var headsBefore: [JournalHead] = []
    private var epochsAtRest: [String: UInt64] = [:]
    /// Whether a node has not reached another; it takes its time to trust it with events again.
    private var hasParted = false
    /// What went wrong, in words.
    private(set) var findings: [String] = []
    /// Whether anything at all was sold, so that the run says something.
    private(set) var figures = Figures()

    struct Figures {
        var orders = 0
        var paid = 0
        var epochs: UInt64 = 0
        /// How often an event went from one node to another, at most.
        var moves = 0
        var recovery: Int64 = 0
        /// Rows replayed as they were heard.
        var heard = 0
    }

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        database = SimulatedDatabase(seed: seed &* 31 &+ 7)
        grapevine = Grapevine(seed: seed &* 17 &+ 3)
    }

    func run() async throws {
        if random.happens(0.3) { names.append(World.edge) }
        for name in names { begin(name) }
        database.setTrouble(profile())
        try await pass(until: 1500) {}
        for event in events { create(event) }
        try await pass(until: World.trouble) {
            for _ in 0..<3 { ask() }
            misfortune()
        }
        heal()
        let end = now + World.calm
        let healedAt = now
        try await pass(until: end) {
            if now < healedAt + World.recovery * 2 { probe() }
            if now < healedAt + 8000 { ask() }
            if now < end - 2000 { headsBefore = (try? database.committed.heads()) ?? [] }
            // Whatever moved has come to rest by then.
            if now > healedAt + 20_000, epochsAtRest.isEmpty { epochsAtRest = epochs() }
        }
        for node in nodes { figures.heard += node.steward.inbox.heard.replayed }
        try judge(healedAt: healedAt)
    }

    private func pass(until end: Int64, _ body: () -> Void) async throws {
        while now < end {
            now += Int64.random(in: 5...120, using: &random)
            database.advance(to: now)
            grapevine.advance(to: now)
            body()
            for index in nodes.indices.shuffled(using: &random) {
                nodes[index].turn(now, &random)
                try await pay(nodes[index])
                watch(nodes[index])
            }
            retire()
        }
    }

    private func begin(_ name: String) {
        session += 1
        guard let id = NodeID(name: name, session: session) else { return }
        nodes.append(SimulatedNode(id, sells: name != World.edge, database, grapevine, &random))
    }

    /// Each run has its own mixture of troubles.
    private func profile() -> SimulatedDatabase.Trouble {
        func rate(_ most: Double) -> Double {
            random.happens(0.4) ? Double.random(in: 0...most, using: &random) : 0
        }
        return .init(
            slow: rate(0.2), lostRequest: rate(0.1), lostAnswer: rate(0.2), unreadable: rate(0.2),
            brokenRead: rate(0.3), slowLook: rate(0.2), unfitSnapshot: rate(0.5))
    }

    // MARK: Misfortune

    private func misfortune() {
        guard random.happens(0.02), let node = nodes.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<11, using: &random) {
        case 0: kill(node)
        case 1: node.frozenUntil = now + Int64.random(in: 100...8000, using: &random)
        case 2: database.cut(node.id, until: now + Int64.random(in: 100...6000, using: &random))
        case 3: node.close()
        case 4:
            let isDown = random.happens(0.5)
            gateway.state.withLock { $0.isDown = isDown }
        case 5: node.isStarvedUntil = now + Int64.random(in: 100...6000, using: &random)
        case 6: node.isBlindUntil = now + Int64.random(in: 100...8000, using: &random)
        case 7: part(node)
        case 8: blind(node)
        case 9: database.fill(until: now + Int64.random(in: 100...5000, using: &random))
        default:
            if nodes.count < names.count, let name = missing.first { begin(name) }
        }
    }

    /// A node can't read an event, whatever the others can.
    private func blind(_ node: SimulatedNode) {
        guard let event = events.randomElement(using: &random) else { return }
        // It looks again every five seconds, and by then must sell again.
        let until = min(now + Int64.random(in: 1000...10_000, using: &random), World.trouble - Damage.pauseMilliseconds)
        database.blind(node.id, to: event, until: until)
    }

    /// One node doesn't reach another, whose beat goes on.
    private func part(_ node: SimulatedNode) {
        guard let other = nodes.filter({ $0 !== node }).randomElement(using: &random) else { return }
        hasParted = true
        let until = now + Int64.random(in: 2000...15_000, using: &random)
        node.deafUntil[other.id] = until
        // What was noted as silence still counts for a while.
        database.noteDeaf(node.id, to: other.id, until: until + 12_000)
    }

    private var missing: [String] { names.filter { name in !nodes.contains { $0.id.name == name } } }

    private func kill(_ node: SimulatedNode) {
        database.disconnect(node.id)
        grapevine.leave(node.id)
        figures.heard += node.steward.inbox.heard.replayed
        nodes.removeAll { $0 === node }
        for call in node.calls { orphans.append(call) }
    }

    /// Calls that reached the provider though their caller is gone.
    private var orphans: [(call: PaymentQueue.Call, at: Int64)] = []

    /// Lets nodes end that have left everything, or took too long, and begins others in their place.
    private func retire() {
        for node in nodes where node.isClosing && (node.steward.isEmpty || random.happens(0.01)) {
            node.finish()
            kill(node)
        }
        for node in nodes {
            guard let failure = node.failure else { continue }
            findings.append("node \(node.id) ended itself: \(failure)")
            kill(node)
        }
        let mayBegin = now < World.trouble ? random.happens(0.02) : nodes.allSatisfy { !$0.sells }
        if mayBegin, let name = missing.first { begin(name) }
    }

    private func heal() {
        database.heal()
        gateway.state.withLock {
            $0.isDown = false
            $0.faults = []
        }
        for node in nodes {
            node.frozenUntil = min(node.frozenUntil, now)
            node.isStarvedUntil = min(node.isStarvedUntil, now)
            node.isBlindUntil = min(node.isBlindUntil, now)
            node.deafUntil = [:]
        }
        for name in missing where random.happens(0.7) || nodes.allSatisfy({ !$0.sells }) { begin(name) }
    }

    // MARK: The provider

    private func pay(_ node: SimulatedNode) async throws {
        guard node.frozenUntil <= now else { return }
        let nanoseconds = UInt64(now) * 1_000_000
        for case .call(let call) in node.payments.queue.withLock({ $0.actions(now: nanoseconds) }) {
            node.calls.append((call, now + Int64.random(in: 0...4000, using: &random)))
        }
        let due = node.calls.filter { $0.at <= now }
        node.calls.removeAll { $0.at <= now }
        for (call, _) in due {
            var call = call
            let pause = try await perform(&call, for: node)
            node.payments.queue.withLock { $0.finish(call, pause, now: nanoseconds) }
        }
    }

    private func perform(_ call: inout PaymentQueue.Call, for node: SimulatedNode) async throws -> PaymentQueue.Pause {
        let pause = PaymentQueue.Pause(milliseconds: Int.random(in: 500...3000, using: &random))
        guard node.mayAct(call.task) else { return pause }
        if let ago = database.supersededFor(call.task.event, call.task.epoch, at: now), ago > World.unawareMilliseconds
        {
            findings.append("\(call.task.event): \(node.id) calls the provider \(ago) ms after it lost the event")
        }
        // The provider goes on failing for a while, but every order must come to its end.
        if random.happens(0.15), now < World.trouble + World.calm / 2 {
            let fault: FakeGateway.Fault = [.lostRequest, .lostAnswer, .failure, .lateFailure][
                Int.random(in: 0..<4, using: &random)]
            gateway.state.withLock { $0.faults = [fault] }
        }
        defer { gateway.state.withLock { $0.faults = [] } }
        let clock = FrozenClock(moment: node.wall(now))
        let steps = PaymentSteps(gateway: gateway, clock: clock, isOthers: { _ in false }, alarm: { _, _ in })
        do {
            let results = try await steps.results(call.task, &call.course)
            guard !results.isEmpty, let handle = try node.directory.loaded(call.task.event) else { return pause }
            let task = call.task
            var envelope = SettlePayment(task.order, results).envelope { [crowd] result in
                guard case .success = result, let epoch = handle.epoch, epoch != task.epoch else { return }
                let finding = "\(task.event): what epoch \(task.epoch) learned was applied under \(epoch)"
                crowd.told.withLock { $0.findings.append(finding) }
            }
            envelope.epoch = task.epoch
            node.access.put(envelope, lane: .payments, into: handle)
        } catch {}
        return pause
    }

    private struct FrozenClock: WallClock {
        let moment: Timestamp
        func now() -> Timestamp { moment }
    }

    // MARK: The crowd

    private func create(_ id: String) {
        guard let node = nodes.filter(\.sells).randomElement(using: &random) else { return }
        let plan = SeatingPlan(
            categories: ["A"],
            seats: (0..<World.seats).map { (seat: Int) -> SeatingPlan.Seat in
                .init(name: "s\(seat)", category: 0, row: UInt32(seat / 10), x: Int32(seat % 10), y: Int32(seat / 10))
            }, areas: [], stage: nil, prices: [1000])
        let isLobby = random.happens(0.5)
        let definition = EventDefinition(
            id: id, tag: UInt64(events.firstIndex(of: id) ?? 0) + 7, title: id, venue: "Hall", startsAt: World.start,
            currency: "KRW", planDigest: nil, plan: plan,
            terms: SaleTerms(prices: [1000], ticketsPerBuyer: 100, holdSeconds: 60, preventOrphans: false),
            schedule: OnsaleSchedule(
                lobbyOpensAt: isLobby ? World.start.adding(seconds: -400) : nil,
                opensAt: World.start.adding(seconds: isLobby ? 5 : -400), closesAt: nil, hasWaitingRoom: true,
                maxActiveShoppers: 5, passSeconds: 600))
        let partition = Partition(definition: definition)
        // Some organizers send their request twice, to two nodes.
        let second = random.happens(0.4) ? nodes.filter { $0 !== node && $0.sells }.randomElement(using: &random) : nil
        for node in [node, second].compactMap({ $0 }) {
            let handle = EventHandle(
                id: id, view: EventView(partition, lastSequence: 0), limits: EngineLimits(), isHere: false)
            node.steward.inbox.put(
                .create(handle, partition, nil) { [crowd] result in
                    guard case .success = result else { return }
                    crowd.told.withLock { $0.created[id, default: 0] += 1 }
                })
        }
    }

    private func ask() {
        if random.happens(0.3), let again = crowd.told.withLock({ $0.unanswered.popLast() }) {
            return send(again)
        }
        guard let event = events.randomElement(using: &random) else { return }
        let number = Int.random(in: 0..<World.buyers, using: &random)
        guard let wish = wish(of: number, event) else { return }
        requests += 1
        send(Request(number: requests, event: event, wish: wish))
    }

    private func wish(of number: Int, _ event: String) -> Request.Wish? {
        keys += 1
        switch Int.random(in: 0..<12, using: &random) {
        case 10, 11: return .look
        case 0: return .join(number)
        case 1: return crowd.told.withLock({ $0.places[event]?[number] }).map { .claim(number, $0) }
        case 2...5:
            let seat = UInt32.random(in: 0..<UInt32(World.seats), using: &random)
            return crowd.told.withLock({ $0.passes[event]?[number] }).map { .hold(number, $0, seat: seat, key: keys) }
        case 6...8:
            guard let hold = crowd.told.withLock({ $0.holds[event] })?.randomElement(using: &random) else { return nil }
            return .order(
                hold, method: random.happens(0.2) ? "declined" : "card", waits: random.happens(0.5), key: keys)
        default:
            return crowd.told.withLock({ $0.orders[event] })?.randomElement(using: &random).map { .cancel($0) }
        }
    }

    private func probe() {
        for event in events where crowd.told.withLock({ $0.soldAgainAt[event] == nil }) && random.happens(0.4) {
            requests += 1
            send(Request(number: requests, event: event, wish: .probe(1000 + requests, at: now)))
        }
    }

    /// Sends a request to any node, which passes it on as far as it knows.
    private func send(_ request: Request) {
        guard var node = nodes.randomElement(using: &random) else { return }
        for _ in 0..<3 {
            guard let seat = node.steward.inbox.seat(of: request.event) else { break }
            if seat.isHere { break }
            guard let owner = seat.owner, let next = nodes.first(where: { $0.id == owner }), next !== node else {
                break
            }
            node = next
        }
        guard let handle = try? node.directory.loaded(request.event) else { return again(request) }
        put(request, node, handle)
    }

    private func again(_ request: Request) {
        guard request.repeats < 6 else { return }
        var request = request
        request.repeats += 1
        crowd.told.withLock { $0.unanswered.insert(request, at: 0) }
    }

    private func put(_ request: Request, _ node: SimulatedNode, _ handle: EventHandle) {
        let (event, number) = (request.event, request.number &* 8 + request.repeats)
        let failed: @Sendable (any Error) -> Void = { [crowd] error in
            guard error is EngineError, request.repeats < 6 else { return }
            var request = request
            request.repeats += 1
            crowd.told.withLock { [request] in $0.unanswered.insert(request, at: 0) }
        }
        func put<Command: EventCommand>(
            _ command: Command, _ note: @escaping @Sendable (inout Crowd.Told, Command.Answer) -> Void
        ) {
            let envelope = command.envelope { [crowd] result in
                crowd.told.withLock { told in
                    told.answers[number, default: 0] += 1
                    if case .success(let answer) = result { note(&told, answer) }
                }
                if case .failure(let error) = result { failed(error) }
            }
            node.access.put(envelope, lane: Command.lane, into: handle)
        }
        crowd.told.withLock { $0.sentTo[number] = node.id }
        let buyer = { (number: Int) in BuyerID(high: 1, low: UInt64(number)) }
        let key = { (number: Int) in
            IdempotencyKey(key: Digest128(high: 0, low: UInt64(number)), fingerprint: Digest128(high: 0, low: 0))
        }
        switch request.wish {
        case .join(let who): put(JoinLine(buyer(who))) { $0.places[event, default: [:]][who] = $1.place.id }
        case .probe(let who, let at):
            put(JoinLine(buyer(who))) { told, _ in
                told.soldAgainAt[event] = min(told.soldAgainAt[event] ?? at, at)
            }
        case .claim(let who, let place):
            put(ClaimPass(of: place, buyer: buyer(who))) { $0.passes[event, default: [:]][who] = $1.id }
        case .hold(let who, let pass, let seat, let number):
            put(HoldPlaces(.seats([SeatIndex(seat)]), buyer: buyer(who), pass: pass, key: key(number))) { told, hold in
                told.holds[event, default: []].append(hold)
                told.byKey[number, default: []].insert("hold \(hold.id.serial)")
            }
        case .order(let hold, let method, let waits, let number):
            let command = PlaceOrder(hold.id, buyer: hold.buyer, paymentMethod: method, trace: nil, key: key(number))
            let note: @Sendable (inout Crowd.Told, Order) -> Void = { told, order in
                told.orders[event, default: []].append(order)
                told.byKey[number, default: []].insert("order \(order.id.serial)")
            }
            guard waits else { return put(command, note) }
            let envelope = Envelope(command, waitUntil: node.wall(now).adding(seconds: 10)) { [crowd] result in
                crowd.told.withLock { told in
                    told.answers[request.number &* 8 + request.repeats, default: 0] += 1
                    if case .success(let order) = result { note(&told, order) }
                }
                if case .failure(let error) = result { failed(error) }
            }
            node.access.put(envelope, lane: PlaceOrder.lane, into: handle)
        case .cancel(let order): put(CancelOrder(order.id, buyer: nil, key: nil)) { _, _ in }
        case .look:
            let envelope = Envelope(reading: { $0.epoch }) { [crowd, database, now] result in
                let ago = (try? result.get()).flatMap { database.supersededFor(event, $0, at: now) } ?? 0
                crowd.told.withLock { told in
                    told.answers[number, default: 0] += 1
                    guard ago > World.unawareMilliseconds else { return }
                    told.findings.append("\(event): a look was answered from a state that had been over for \(ago) ms")
                }
            }
            node.access.put(envelope, lane: .passes, into: handle)
        }
    }

    // MARK: Judgement

    /// What a node shows is in the journal, and never goes back.
    private func watch(_ node: SimulatedNode) {
        for event in events {
            guard let view = try? node.directory.loaded(event)?.view else { continue }
            let head = (try? database.committed.head(of: event))?.lastSequence ?? 0
            if view.lastSequence > head {
                findings.append("\(event): \(node.id) shows fact \(view.lastSequence), the journal has \(head)")
            }
            if let shown = node.shown[event], view.lastSequence < shown {
                findings.append("\(event): \(node.id) shows fact \(view.lastSequence) after \(shown)")
            }
            node.shown[event] = view.lastSequence
        }
    }

    private func epochs() -> [String: UInt64] {
        let heads = (try? database.committed.heads()) ?? []
        return Dictionary(heads.map { ($0.partition, $0.epoch) }, uniquingKeysWith: max)
    }

    private func judge(healedAt: Int64) throws {
        findings += try Verification(journal: database.committed).run().breaches.map { "\($0)" }
        let told = crowd.told.withLock { $0 }
        findings += told.answers.filter { $0.key >= 0 && $0.value != 1 }.map {
            "request \($0.key / 8) was answered \($0.value) times"
        }
        let living = Set(nodes.map(\.id))
        findings += told.sentTo.filter { told.answers[$0.key] == nil && living.contains($0.value) }.map {
            "request \($0.key / 8) was never answered"
        }
        findings += told.findings + database.findings
        findings += told.created.filter { $0.value > 1 }.map { "\($0.key): created \($0.value) times" }
        findings += told.byKey.filter { $0.value.count > 1 }.map { "key \($0.key) had effects \($0.value.sorted())" }
        if !hasParted, epochsAtRest != epochs() { findings.append("events changed owners though nothing happened") }
        var explained: Set<String> = []
        for event in try database.committed.heads().map(\.partition) {
            // A damaged journal has been found by the verification.
            guard let state = try? Recovery.recover(event, from: database.committed, usingSnapshot: false) else {
                continue
            }
            let (sale, line) = (state.partition.sale, state.partition.line)
            figures.epochs += state.partition.epoch
            let moves = database.moves(of: event)
            figures.moves = max(figures.moves, moves)
            if moves > World.movesMax { findings.append("\(event): went from node to node \(moves) times") }
            figures.orders += sale.orders.count
            figures.paid += sale.orders.count { $0.captured > 0 }
            for order in sale.orders {
                guard let duty = order.duty else { continue }
                let age = state.time.milliseconds - order.placedAt.milliseconds
                findings.append("\(event): order \(order.id.serial) hangs, \(duty) is due, placed \(age) ms ago")
            }
            findings += (told.holds[event] ?? []).filter { !sale.wasMade($0.id) }.map {
                "\(event): hold \($0.id.serial) was answered and is lost"
            }
            findings += (told.orders[event] ?? []).filter { sale.order($0.id)?.hold != $0.hold }.map {
                "\(event): order \($0.id.serial) was answered and is lost"
            }
            findings += (told.places[event] ?? [:]).filter {
                $0.value.serial > max(line.issuedNumbers, line.lobbySize ?? 0)
            }
            .map { "\(event): place \($0.value.serial) was answered and is lost" }
            explained.formUnion(sale.orders.filter { $0.state == .confirmed }.compactMap(\.intent))
            judgeOwners(of: event, state)
            judgeRecovery(of: event, told, healedAt)
        }
        judgeMoney(explained)
    }

    /// At rest one node writes each event, and the others have replayed all of it.
    private func judgeOwners(of event: String, _ state: RecoveredPartition) {
        let writers = nodes.filter { $0.steward.inbox.seat(of: event)?.isHere ?? false }
        if writers.count != 1 || writers.first?.id != state.partition.ownership?.owner {
            findings.append(
                "\(event): written by \(writers.map(\.id)), owned by \(state.partition.ownership.map { "\($0.owner)" } ?? "nobody")"
            )
        }
        for node in nodes {
            guard let handle = try? node.directory.loaded(event) else {
                findings.append("\(event): unknown at \(node.id)")
                continue
            }
            let reached = headsBefore.first { $0.partition == event }?.lastSequence ?? 0
            if handle.view.lastSequence < reached {
                findings.append(
                    "\(event): \(node.id) shows fact \(handle.view.lastSequence) of \(state.head.lastSequence)")
            }
            judgeView(handle.view, at: node.id, state)
        }
    }

    /// What a node shows at rest is what the facts say.
    private func judgeView(_ view: EventView, at node: NodeID, _ state: RecoveredPartition) {
        guard view.lastSequence == state.head.lastSequence else { return }
        let told = EventView(state.partition, lastSequence: view.lastSequence)
        let isTrue =
            view.seatPages == told.seatPages && view.counts == told.counts && view.orders == told.orders
            && view.gross == told.gross && view.refunded == told.refunded && view.totalsHold
            && view.line.issuedNumbers == told.line.issuedNumbers && view.line.waiting == told.line.waiting
            && view.line.admittedThrough == told.line.admittedThrough
        if !isTrue { findings.append("\(state.head.partition): \(node) shows something else than the facts say") }
    }

    private func judgeRecovery(of event: String, _ told: Crowd.Told, _ healedAt: Int64) {
        guard let at = told.soldAgainAt[event] else {
            findings.append("\(event): never sold again")
            return
        }
        figures.recovery = max(figures.recovery, at - healedAt)
        if at - healedAt > World.recovery { findings.append("\(event): sold again only after \(at - healedAt) ms") }
    }

    /// Every captured payment belongs to a confirmed order or has gone back. Second authorizations are the sweep's, which
    /// has tests of its own.
    private func judgeMoney(_ explained: Set<String>) {
        for account in gateway.state.withLock({ $0.accounts }) {
            let back = account.refunds.filter { $0.status == .succeeded }.reduce(0) { $0 + $1.amount }
            switch account.status {
            case .captured(let amount) where amount != back && !explained.contains(account.intent):
                findings.append("payment \(account.intent) was captured for nothing")
            default: break
            }
        }
    }
}
