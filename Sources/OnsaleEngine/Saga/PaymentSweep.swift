import Logging
import OnsaleSale
import OnsaleValues
import Synchronization

/// Looks after orders of which nothing is under way: those that a webhook names, those whose calls were repeated so that
/// there may be two payments, and, slowly, all the others, since a webhook may be lost.
final class PaymentSweep: Sendable {
    /// Between two orders of the slow round.
    private static let stepMilliseconds = 200
    /// Between two rounds, in seconds.
    private static let roundSeconds = 3600
    /// Orders read from the writer at a time.
    private static let pageSize = 50
    /// Webhooks that wait, and how many are looked after at a time; more are dropped, for the slow round to find.
    private static let inquiriesMax = 10_000
    private static let inquirersMax = 4
    private static let doubtsMax = 20_000
    /// When an order in doubt is looked at, in seconds after its payment's end: the provider's search lags.
    private static let doubtSeconds: [Int] = [3, 20, 65]

    private struct Inquiry: Hashable {
        let reference: String?
        let intent: String?
    }

    private struct Doubt {
        let reference: String
        let at: Timestamp
    }

    private struct State {
        var inquiries: [Inquiry] = []
        var known: Set<Inquiry> = []
        var inquirers = 0
        var doubts: [Doubt] = []
    }

    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())

    init(clock: any WallClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    // MARK: What somebody names

    func inquire(about reference: String?, intent: String?, _ runner: SagaRunner) {
        let inquiry = Inquiry(reference: reference, intent: intent)
        let mustStart = state.withLock { state in
            guard state.inquiries.count < PaymentSweep.inquiriesMax, state.known.insert(inquiry).inserted else {
                return false
            }
            state.inquiries.append(inquiry)
            guard state.inquirers < PaymentSweep.inquirersMax else { return false }
            state.inquirers += 1
            return true
        }
        if mustStart { Task { await answerInquiries(runner) } }
    }

    private func answerInquiries(_ runner: SagaRunner) async {
        while let inquiry = nextInquiry() {
            var reference = inquiry.reference
            if reference == nil, let intent = inquiry.intent { reference = await runner.reference(of: intent) }
            if let reference { await runner.look(after: reference, isThorough: false) }
        }
    }

    private func nextInquiry() -> Inquiry? {
        state.withLock { state in
            guard !state.inquiries.isEmpty else {
                state.inquirers -= 1
                return nil
            }
            let inquiry = state.inquiries.removeFirst()
            state.known.remove(inquiry)
            return inquiry
        }
    }

    /// The order's calls were repeated.
    func doubt(_ task: PaymentTask) {
        let now = clock.now()
        state.withLock { state in
            guard state.doubts.count < PaymentSweep.doubtsMax else { return }
            for seconds in PaymentSweep.doubtSeconds {
                state.doubts.append(Doubt(reference: task.payment.reference, at: now.adding(seconds: seconds)))
            }
        }
    }

    private func dueDoubts() -> [String] {
        let now = clock.now()
        return state.withLock { state in
            guard !state.doubts.isEmpty else { return [] }
            let due = state.doubts.filter { $0.at <= now }.prefix(20)
            guard !due.isEmpty else { return [] }
            let references = Set(due.map(\.reference))
            state.doubts.removeAll { $0.at <= now && references.contains($0.reference) }
            return Array(references)
        }
    }

    // MARK: The slow round

    /// How far the round has come in an event: backwards, since what is newest matters most.
    private struct Round {
        var below: UInt32 = .max
        var begunAt: Timestamp
        /// The first round looks for second payments of whatever was under way when the process before this ended.
        var isFirst = true
    }

    /// Orders this much younger than a restart may have had a call under way at its time, in seconds.
    private static let recentSeconds = 900

    func run(_ runner: SagaRunner) async {
        var rounds: [String: Round] = [:]
        let startedAt = clock.now()
        while let engine = runner.engine {
            for reference in dueDoubts() { await runner.look(after: reference, isThorough: true) }
            var hasLooked = false
            if runner.isOpen {
                let views = engine.loadedViews()
                for view in views where runner.isOpen {
                    let id = view.definition.id
                    var round = rounds[id] ?? Round(begunAt: clock.now())
                    let page = await page(of: view, &round, engine)
                    rounds[id] = round
                    for reference in page {
                        hasLooked = true
                        let isRecent =
                            round.isFirst
                            && reference.placedAt.adding(seconds: PaymentSweep.recentSeconds) > startedAt
                        await runner.look(after: reference.text, isThorough: isRecent)
                        for doubtful in dueDoubts() { await runner.look(after: doubtful, isThorough: true) }
                        try? await Task.sleep(for: .milliseconds(isRecent ? 20 : PaymentSweep.stepMilliseconds))
                    }
                }
                let loaded = Set(views.map(\.definition.id))
                rounds = rounds.filter { loaded.contains($0.key) }
            }
            if !hasLooked { try? await Task.sleep(for: .seconds(1)) }
        }
    }

    private struct Reference {
        let text: String
        let placedAt: Timestamp
    }

    /// The next orders of an event's round that a payment can have changed for; none while it rests.
    private func page(of view: EventView, _ round: inout Round, _ engine: Engine) async -> [Reference] {
        guard !view.orders.filter({ $0.key != .authorizing }).values.allSatisfy({ $0 == 0 }) else { return [] }
        if round.below == 0 {
            guard round.begunAt.adding(seconds: PaymentSweep.roundSeconds) <= clock.now() else { return [] }
            round = Round(begunAt: clock.now(), isFirst: false)
        }
        let below = round.below
        guard let handle = try? await engine.event(view.definition.id),
            let found = try? await engine.read(
                handle,
                { partition -> (next: UInt32, page: [Reference]) in
                    var page: [Reference] = []
                    var serial = UInt32(min(UInt64(below), UInt64(partition.sale.orders.count) + 1))
                    while serial > 1, page.count < PaymentSweep.pageSize {
                        serial -= 1
                        guard let order = partition.sale.order(OrderID(serial)), order.duty == nil, order.amount > 0
                        else { continue }
                        let task = PaymentTask(order, kind: .void, in: partition.definition)
                        page.append(Reference(text: task.payment.reference, placedAt: order.placedAt))
                    }
                    return (serial <= 1 ? 0 : serial, page)
                })
        else { return [] }
        round.below = found.next
        return found.page
    }
}
