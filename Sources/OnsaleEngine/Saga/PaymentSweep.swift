import HeapModule
import OnsaleSale
import OnsaleValues
import Synchronization

/// Checks orders with nothing in progress: those a webhook names, those whose calls were repeated (there may be two
/// payments), and, slowly, all others, since a webhook may get lost.
///
/// A look stays queued until the provider has answered. If the queue is full, only the slow round finds the order.
final class PaymentSweep: Sendable {
    /// The pause between two orders of the slow round.
    private static let stepMilliseconds = 200
    /// The least time from the start of one round to the next, in seconds.
    private static let roundSeconds = 3600
    /// How many orders to read from the writer at a time.
    private static let pageSize = 50
    /// The most waiting looks, and the most in progress. Further ones are dropped and left to the slow round.
    private static let looksMax = 20_000
    private static let lookersMax = 16
    /// When to check an order in doubt, in seconds after its payment's end; repeated, as the provider's search lags.
    private static let doubtSeconds = [3, 20, 65]
    /// An unanswered look is tried this many times, with pauses doubling from two seconds to a minute; after that it is
    /// left to the slow round.
    private static let triesMax = 12
    /// The pause while the provider is away, in seconds. It doesn't count as a try.
    private static let awaySeconds = 2

    /// The order to check: named directly, or through one of its payments.
    private struct Subject: Hashable {
        let reference: String?
        let intent: String?
        /// Whether money may have gone back, or may have to, without our knowing.
        let isAboutReturn: Bool
    }

    /// One check of an order, ordered by due time.
    private struct Look: Comparable {
        let subject: Subject
        /// Whether to look for second payments.
        let seeksStrays: Bool
        var at: Timestamp
        var tries = 0

        static func == (one: Look, other: Look) -> Bool { one.at == other.at }
        static func < (one: Look, other: Look) -> Bool { one.at < other.at }
    }

    private struct State {
        var looks = Heap<Look>()
        /// Subjects waiting for their first try, so a repeated webhook counts once.
        var fresh: Set<Subject> = []
        var lookers = 0
        var isTicking = false
    }

    private let clock: any WallClock
    private let state = Mutex(State())

    init(clock: any WallClock) {
        self.clock = clock
    }

    // MARK: The queue

    func inquire(about reference: String?, intent: String?, isAboutReturn: Bool, _ runner: SagaRunner) {
        let subject = Subject(reference: reference, intent: intent, isAboutReturn: isAboutReturn)
        let isNew = state.withLock { state in
            state.looks.count < PaymentSweep.looksMax && state.fresh.insert(subject).inserted
        }
        guard isNew else { return }
        let isTaken = queue([Look(subject: subject, seeksStrays: false, at: clock.now())], runner)
        if !isTaken { state.withLock { _ = $0.fresh.remove(subject) } }
    }

    /// Queues checks for second payments of an order whose calls were repeated.
    func doubt(_ reference: String, _ runner: SagaRunner) {
        let now = clock.now()
        queue(
            PaymentSweep.doubtSeconds.map { seconds in
                Look(
                    subject: Subject(reference: reference, intent: nil, isAboutReturn: true), seeksStrays: true,
                    at: now.adding(seconds: seconds))
            }, runner)
    }

    /// - Returns: whether there was room.
    @discardableResult
    private func queue(_ looks: [Look], _ runner: SagaRunner) -> Bool {
        let (isTaken, mustTick) = state.withLock { state -> (Bool, Bool) in
            guard state.looks.count + looks.count <= PaymentSweep.looksMax + PaymentSweep.doubtSeconds.count else {
                return (false, false)
            }
            state.looks.insert(contentsOf: looks)
            defer { state.isTicking = true }
            return (true, !state.isTicking)
        }
        // Not in the context of whoever asked first.
        if mustTick { Task.detached { [self] in await tick(runner) } }
        return isTaken
    }

    /// Starts workers while looks wait. One more per turn is enough, since each works on while anything is due.
    private func tick(_ runner: SagaRunner) async {
        while true {
            let now = clock.now()
            let isWanted = state.withLock { state -> Bool? in
                guard let first = state.looks.min, !runner.isStopping else {
                    state.isTicking = false
                    return nil
                }
                guard first.at <= now, state.lookers < PaymentSweep.lookersMax else { return false }
                state.lookers += 1
                return true
            }
            guard let isWanted else { return }
            if isWanted { Task.detached { [self] in await work(runner) } }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func work(_ runner: SagaRunner) async {
        while let look = nextLook() {
            guard !(await perform(look, runner)) else { continue }
            var again = look
            let isAway = !runner.isOpen
            again.tries += isAway ? 0 : 1
            guard again.tries < PaymentSweep.triesMax else { continue }
            let seconds = isAway ? PaymentSweep.awaySeconds : min(60, 1 << again.tries)
            again.at = clock.now().adding(seconds: seconds)
            queue([again], runner)
        }
    }

    private func nextLook() -> Look? {
        let now = clock.now()
        return state.withLock { state in
            guard let first = state.looks.min, first.at <= now else {
                state.lookers -= 1
                return nil
            }
            let look = state.looks.removeMin()
            state.fresh.remove(look.subject)
            return look
        }
    }

    /// - Returns: whether the provider has answered, or there is nothing to ask.
    private func perform(_ look: Look, _ runner: SagaRunner) async -> Bool {
        guard runner.isOpen else { return false }
        var reference = look.subject.reference
        if reference == nil, let intent = look.subject.intent {
            do { reference = try await runner.reference(of: intent) } catch { return false }
        }
        guard let reference else { return true }
        return await runner.look(
            after: reference, isAboutReturn: look.subject.isAboutReturn, seeksStrays: look.seeksStrays)
    }

    // MARK: The slow round

    /// How far the round has come in an event. It goes backward, since the newest orders matter most.
    private struct Round {
        var below: UInt32 = .max
        var begunAt: Timestamp
        var isFirst = true
    }

    private struct Reference {
        let text: String
        let placedAt: Timestamp
    }

    /// Orders placed this recently before the start, in seconds, may have had a call in progress when the last process
    /// ended.
    private static let recentSeconds = 120
    /// Unloaded events are checked once a day until this many days after they take place, since disputes come late.
    private static let daySeconds = 86_400
    private static let restingDays = 120

    func run(_ runner: SagaRunner) async {
        var rounds: [String: Round] = [:]
        let startedAt = clock.now()
        var nextDay = startedAt.adding(seconds: PaymentSweep.daySeconds)
        let events = runner.events
        while !runner.isStopping {
            var hasLooked = false
            if clock.now() >= nextDay {
                nextDay = clock.now().adding(seconds: PaymentSweep.daySeconds)
                let since = clock.now().adding(seconds: -PaymentSweep.restingDays * PaymentSweep.daySeconds)
                for event in events.directory.summaries() where event.startsAt > since {
                    _ = try? await events.event(event.id)
                }
            }
            let views = runner.isOpen ? events.directory.views() : []
            for view in views {
                let id = view.definition.id
                var round = rounds[id] ?? Round(begunAt: clock.now())
                let page = await page(of: view, &round, events)
                rounds[id] = round
                for order in page where !runner.isStopping {
                    hasLooked = true
                    if round.isFirst, order.placedAt.adding(seconds: PaymentSweep.recentSeconds) > startedAt,
                        order.placedAt < startedAt
                    {
                        doubt(order.text, runner)
                    } else {
                        _ = await runner.look(after: order.text, isAboutReturn: true, seeksStrays: false)
                        try? await Task.sleep(for: .milliseconds(PaymentSweep.stepMilliseconds))
                    }
                }
            }
            let loaded = Set(views.map(\.definition.id))
            if !views.isEmpty { rounds = rounds.filter { loaded.contains($0.key) } }
            if !hasLooked { try? await Task.sleep(for: .seconds(1)) }
        }
    }

    /// The next orders of an event's round whose payment may have changed; none until the next round is due.
    private func page(of view: EventView, _ round: inout Round, _ events: EventAccess) async -> [Reference] {
        guard view.orders.contains(where: { !$0.key.isInProgress && $0.value > 0 }) else { return [] }
        if round.below == 0 {
            guard round.begunAt.adding(seconds: PaymentSweep.roundSeconds) <= clock.now() else { return [] }
            round = Round(begunAt: clock.now(), isFirst: false)
        }
        let below = round.below
        guard let handle = try? await events.event(view.definition.id),
            let found = try? await events.read(handle, { PaymentSweep.page(of: $0, below: below) })
        else { return [] }
        round.below = found.next
        return found.page
    }

    private static func page(of partition: Partition, below: UInt32) -> (next: UInt32, page: [Reference]) {
        var page: [Reference] = []
        var serial = UInt32(min(UInt64(below), UInt64(partition.sale.orders.count) + 1))
        while serial > 1, page.count < pageSize {
            serial -= 1
            guard let order = partition.sale.order(OrderID(serial)), order.amount > 0,
                order.duty == nil || order.duty == .refund
            else { continue }
            let task = PaymentTask(order, kind: .void, in: partition.definition, epoch: partition.epoch)
            page.append(Reference(text: task.payment.reference, placedAt: order.placedAt))
        }
        return (serial <= 1 ? 0 : serial, page)
    }
}
