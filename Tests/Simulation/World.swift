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
    static let trouble: Int64 = 20_000
    static let calm: Int64 = 40_000
    /// For so long a deposed owner may not have noticed; a turn or two more in which it acts on what it believed.
    static let unawareMilliseconds: Int64 = 2500
    /// Within so long of the last fault every event must sell again.
    static let recovery: Int64 = 5000
    /// More often no event goes from node to node, whatever happens.
    static let movesMax = 15
    static let buyers = 10
    static let seats = 12

    var random: SeededRandom
    let database: SimulatedDatabase
    let grapevine: Grapevine
    let gateway = FakeGateway()
    let crowd = Crowd()
    var nodes: [SimulatedNode] = []
    var names = ["a", "b", "c"]
    /// The node that only shows what others sell, in some runs.
    static let edge = "edge"
    var events = ["opera", "rock", "fair"]
    var session: UInt64 = 0
    var now: Int64 = 0
    var requests = 0
    var keys = 0
    /// Where the journal stood two seconds before the end.
    var headsBefore: [JournalHead] = []
    var epochsAtRest: [String: UInt64] = [:]
    /// Whether a node has not reached another; it takes its time to trust it with events again.
    var hasParted = false
    /// What went wrong, in words.
    /// Calls that reached the provider though their caller is gone.
    var orphans: [(call: PaymentQueue.Call, at: Int64)] = []
    var findings: [String] = []
    /// Whether anything at all was sold, so that the run says something.
    var figures = Figures()

    struct Figures {
        var orders = 0
        var paid = 0
        /// Confirmed orders of which tickets were taken back.
        var parts = 0
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

    func pass(until end: Int64, _ body: () -> Void) async throws {
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

    func begin(_ name: String) {
        session += 1
        guard let id = NodeID(name: name, session: session) else { return }
        nodes.append(SimulatedNode(id, sells: name != World.edge, database, grapevine, &random))
    }

    /// Each run has its own mixture of troubles.
    func profile() -> SimulatedDatabase.Trouble {
        func rate(_ most: Double) -> Double {
            random.happens(0.4) ? Double.random(in: 0...most, using: &random) : 0
        }
        return .init(
            slow: rate(0.2), lostRequest: rate(0.1), lostAnswer: rate(0.2), unreadable: rate(0.2),
            brokenRead: rate(0.3), slowLook: rate(0.2), unfitSnapshot: rate(0.5))
    }

    // MARK: The provider

    func pay(_ node: SimulatedNode) async throws {
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

    func perform(_ call: inout PaymentQueue.Call, for node: SimulatedNode) async throws -> PaymentQueue.Pause {
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
}
