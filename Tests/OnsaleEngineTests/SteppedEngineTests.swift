import Doubles
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Seeded
import Synchronization
import Testing

@testable import OnsaleEngine

/// Drives the engine by hand on one thread; mail, journal, clock, provider and randomness follow from one seed.
@Suite(.timeLimit(.minutes(5))) struct SteppedEngineTests {
    @Test(
        "Two runs with the same seed write the same rows, byte for byte", arguments: 1...20 as ClosedRange<UInt64>)
    func isDeterministic(seed: UInt64) async throws {
        let first = try await SteppedEngine(seed: seed).run()
        let second = try await SteppedEngine(seed: seed).run()
        let differing = zip(first.rows, second.rows).enumerated().first { $1.0 != $1.1 }
        #expect(differing == nil && first.rows.count == second.rows.count, "row \(differing?.offset ?? -1)")
        #expect(first.rows.count > 100, "\(first.rows.count) rows")
    }

    @Test("Whatever fails on the way, every order ends and every rule holds", arguments: 100...160)
    func endsWell(seed: Int) async throws {
        let outcome = try await SteppedEngine(seed: UInt64(seed)).run()
        #expect(outcome.breaches.isEmpty, "seed \(seed): \(outcome.breaches)")
        #expect(outcome.unfinished == 0, "seed \(seed)")
        // Everything answered is on disk, and an order accounts for all the provider's money.
        #expect(outcome.lost.isEmpty, "seed \(seed): \(outcome.lost)")
        #expect(outcome.ordersPaid > 0)
    }
}

/// Two events, a crowd, a disk that is full now and then, and a provider that answers late or never.
private final class SteppedEngine {
    struct Outcome {
        /// In the order of writing.
        var rows: [JournalRow] = []
        var breaches: [String] = []
        var unfinished = 0
        var ordersPaid = 0
        /// Answered holds and orders that are missing from the journal, and requests not answered exactly once.
        var lost: [String] = []
    }

    /// Feeds the payment queue just as `SagaRunner` does, but makes no calls.
    private final class QueueFollower: Follower {
        let queue = Mutex(PaymentQueue())

        func follow(_ committed: Committed, in partition: borrowing Partition) {
            let news = PaymentTask.news(of: committed.facts, in: partition)
            queue.withLock { queue in
                for (key, task) in news { queue.set(task, for: key) }
            }
        }

        func leave(_ event: String) { queue.withLock { $0.leave(event) } }
        func remind(of task: PaymentTask) { queue.withLock { $0.remind(of: task) } }
    }

    /// What the crowd has been told, by event and buyer.
    private final class Crowd: Sendable {
        let told = Mutex(Told())
    }

    private struct Told {
        var places: [String: [Int: PlaceID]] = [:]
        var passes: [String: [Int: PassID]] = [:]
        var holds: [String: [Hold]] = [:]
        var orders: [String: [Order]] = [:]
        /// How often the request with each key was answered.
        var answers: [Int: Int] = [:]
    }

    private var random: SeededRandom
    private let journal = WatchedJournal()
    private let payments = QueueFollower()
    private let gateway = FakeGateway()
    private let mailbox = Mailbox()
    private let directory = EventDirectory()
    private let loop: WriterLoop
    private let clock = TestClock()
    /// Calls in progress, and when each is answered.
    private var calls: [(call: PaymentQueue.Call, at: Timestamp)] = []
    private let crowd = Crowd()
    private var handles: [EventHandle] = []
    private var keys = 0

    private static let events = ["opera", "rock"]
    private static let buyers = 0..<12

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        let limits = EngineLimits(snapshotFacts: 40)
        let loader = EventLoader(
            journal: journal, limits: limits, logger: .silent, directory: directory, mailbox: mailbox)
        let seeds = Mutex(SeededRandom(seed: seed &+ 1))
        loop = WriterLoop(
            journal: journal, limits: limits, logger: .silent, directory: directory, mailbox: mailbox,
            housekeeping: Housekeeping(
                journal: journal, limits: limits, logger: .silent, directory: directory, mailbox: mailbox,
                loader: loader, queue: nil),
            followers: [payments],
            seed: {
                seeds.withLock { random in (0..<Draw.seedBytes).map { _ in .random(in: 0...255, using: &random) } }
            },
            fatal: { fatalError($0) })
    }

    func run() async throws -> Outcome {
        for id in SteppedEngine.events { create(id) }
        for _ in 0..<600 {
            try await step {
                for _ in 0..<3 { ask() }
            }
            // Trouble is rare but lasts a while.
            if chance(1, in: 50) {
                journal.inner.setFull(true)
            } else if chance(1, in: 5) {
                journal.inner.setFull(false)
            }
            let isDown = chance(1, in: 50) ? true : chance(1, in: 8) ? false : gateway.state.withLock { $0.isDown }
            gateway.state.withLock { $0.isDown = isDown }
        }
        // Then all is well, and everything in progress ends.
        journal.inner.setFull(false)
        gateway.state.withLock {
            $0.isDown = false
            $0.faults = []
        }
        for _ in 0..<2000 { try await step {} }
        return try outcome()
    }

    private func chance(_ times: Int, in all: Int) -> Bool { Int.random(in: 0..<all, using: &random) < times }

    private func create(_ id: String) {
        var definition = Example.definition(id, seats: 20)
        definition = EventDefinition(
            id: id, tag: UInt64(handles.count) + 7, title: id, venue: "Hall", startsAt: Example.start, currency: "KRW",
            planDigest: nil, plan: definition.plan, terms: definition.terms,
            schedule: OnsaleSchedule(
                lobbyOpensAt: Example.start, opensAt: Example.start.adding(seconds: 20), closesAt: nil,
                hasWaitingRoom: true, maxActiveShoppers: 6, passSeconds: 600))
        let partition = Partition(definition: definition)
        let handle = EventHandle(id: id, view: EventView(partition, lastSequence: 0), limits: EngineLimits())
        _ = directory.begin(id)
        mailbox.deliver(.created(handle, partition) { _ in })
        handles.append(handle)
    }

    /// One step: a little time passes, requests come, the loop makes a turn, and the provider answers what is due.
    private func step(_ ask: () -> Void) async throws {
        clock.advance(milliseconds: Int.random(in: 0...1500, using: &random))
        ask()
        _ = loop.turn(mailbox.take(waitingAtMost: 0).mail, now: clock.now())
        for case .call(let call) in payments.queue.withLock({ $0.actions(now: nanoseconds) }) {
            calls.append(
                (call, Timestamp(milliseconds: clock.now().milliseconds + Int64.random(in: 0...8000, using: &random))))
        }
        try await answerCalls()
    }

    private var nanoseconds: UInt64 { UInt64(clock.now().milliseconds) * 1_000_000 }

    // MARK: The provider

    private func answerCalls() async throws {
        let now = clock.now()
        let due = calls.filter { $0.at <= now }
        calls.removeAll { $0.at <= now }
        for (call, _) in due {
            var call = call
            if chance(1, in: 6) {
                let fault: FakeGateway.Fault = [.lostRequest, .lostAnswer, .failure, .lateFailure][
                    Int.random(in: 0..<4, using: &random)]
                gateway.state.withLock { $0.faults = [fault] }
            }
            let pause = await perform(&call)
            gateway.state.withLock { $0.faults = [] }
            payments.queue.withLock { $0.finish(call, pause, now: nanoseconds) }
        }
    }

    private func perform(_ call: inout PaymentQueue.Call) async -> PaymentQueue.Pause {
        let steps = PaymentSteps(gateway: gateway, clock: clock, isOthers: { _ in false }, alarm: { _, _ in })
        do {
            let results = try await steps.results(call.task, &call.course)
            guard !results.isEmpty, let event = handles.first(where: { $0.id == call.task.event }) else {
                return .init(milliseconds: 3000)
            }
            // The result reaches the disk in the writer's next turn at the earliest, and may fail then.
            put(SettlePayment(call.task.order, results), to: event) { _ in }
            return .init(milliseconds: 2000)
        } catch {
            return .init(milliseconds: Int.random(in: 500...4000, using: &random))
        }
    }

    // MARK: The crowd

    private func put(_ envelope: Envelope, _ lane: Lane, _ event: EventHandle) throws {
        if try event.put(envelope, lane: lane) { mailbox.tell(event) }
    }

    private func put<Command: EventCommand>(
        _ command: Command, to event: EventHandle,
        _ reply: @escaping @Sendable (Result<Command.Answer, any Error>) -> Void
    ) {
        try? put(command.envelope(reply), Command.lane, event)
    }

    private func ask() {
        let event = handles[Int.random(in: 0..<handles.count, using: &random)]
        let number = Int.random(in: SteppedEngine.buyers, using: &random)
        let buyer = Example.buyer(number)
        keys += 1
        let key = Example.key(keys)
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            put(JoinLine(buyer), to: event) { [crowd] result in
                guard case .success((let place, _)) = result else { return }
                crowd.told.withLock { $0.places[event.id, default: [:]][number] = place.id }
            }
        case 1:
            guard let place = crowd.told.withLock({ $0.places[event.id]?[number] }) else { return }
            put(ClaimPass(of: place, buyer: buyer), to: event) { [crowd] result in
                guard case .success(let pass) = result else { return }
                crowd.told.withLock { $0.passes[event.id, default: [:]][number] = pass.id }
            }
        case 2...5:
            guard let pass = crowd.told.withLock({ $0.passes[event.id]?[number] }) else { return }
            let seat = UInt32.random(in: 0..<20, using: &random)
            put(HoldPlaces(.seats([SeatIndex(seat)]), buyer: buyer, pass: pass, key: key), to: event) {
                [crowd] result in
                if case .success(let hold) = result {
                    crowd.told.withLock { $0.holds[event.id, default: []].append(hold) }
                }
            }
        case 6...8:
            guard let hold = crowd.told.withLock({ $0.holds[event.id] })?.randomElement(using: &random) else { return }
            let method = chance(1, in: 5) ? "declined" : "card"
            let order = PlaceOrder(hold.id, buyer: hold.buyer, paymentMethod: method, trace: nil, key: key)
            let number = keys
            let reply: @Sendable (Result<Order, any Error>) -> Void = { [crowd] result in
                crowd.told.withLock { told in
                    told.answers[number, default: 0] += 1
                    if case .success(let order) = result { told.orders[event.id, default: []].append(order) }
                }
            }
            if chance(1, in: 2) {
                let until = clock.now().adding(seconds: 20)
                try? put(Envelope(order, waitUntil: until, reply), PlaceOrder.lane, event)
            } else {
                put(order, to: event, reply)
            }
        default:
            guard let order = crowd.told.withLock({ $0.orders[event.id] })?.randomElement(using: &random) else {
                return
            }
            put(CancelOrder(order.id, buyer: nil, key: nil), to: event) { _ in }
        }
    }

    // MARK: Outcome

    private func outcome() throws -> Outcome {
        var outcome = Outcome()
        outcome.rows = journal.state.withLock { $0.rows }
        outcome.breaches = try Verification(journal: journal).run().breaches.map { "\($0)" }
        let told = crowd.told.withLock { $0 }
        outcome.lost += told.answers.filter { $0.value != 1 }.map { "key \($0.key): answered \($0.value) times" }
        var explained: Set<String> = []
        for id in SteppedEngine.events {
            let sale = try Recovery.recover(id, from: journal, usingSnapshot: false).partition.sale
            outcome.unfinished += sale.ordersAwaitingProvider
            outcome.ordersPaid += sale.orders.count { $0.captured > 0 }
            outcome.lost += (told.holds[id] ?? []).filter { !sale.wasMade($0.id) }.map { "\(id): hold \($0.id.serial)" }
            outcome.lost += (told.orders[id] ?? []).filter { sale.order($0.id)?.hold != $0.hold }
                .map { "\(id): order \($0.id.serial)" }
            explained.formUnion(sale.orders.filter { $0.state == .confirmed }.compactMap(\.intent))
        }
        for account in gateway.state.withLock({ $0.accounts }) {
            guard case .captured(let amount) = account.status else { continue }
            let back = account.refunds.filter { $0.status == .succeeded }.reduce(0) { $0 + $1.amount }
            if amount != back, !explained.contains(account.intent) { outcome.lost.append("payment \(account.intent)") }
        }
        return outcome
    }
}
