import Foundation
import Logging
import OnsaleSale
import OnsaleValues
import Synchronization

/// Carries out what orders need of the provider, and brings the results back as commands.
///
/// What is to be done stands in the state and came from facts on disk, so nothing here need survive: after a crash the
/// same tasks come again. One task an order is under way at a time; one that brings no answer is tried again, later
/// and later, until the state no longer asks for it. That makes every task its own reconciler: each new try first asks
/// the provider what became of the last.
final class SagaRunner: Sendable {
    /// Calls to the provider under way at a time.
    static let callsMax = 256
    /// The provider keeps idempotency keys for a day; an attempt older than this is looked up, never sent again.
    static let keySeconds: Int64 = 23 * 3600

    private struct Key: Hashable {
        let event: String
        let order: OrderID
        /// The stray's intent, for those.
        let stray: String?
    }

    private struct State {
        weak var engine: Engine?
        var waiting: [PaymentTask] = []
        /// Where `waiting` begins; what is before has been taken.
        var nextWaiting = 0
        var running = 0
        /// Orders with a call under way, and the task that came meanwhile.
        var active: [Key: PaymentTask?] = [:]
        /// Orders that wait for their next try, and how often they were tried.
        var sleeping: [Key: Int] = [:]
        var isStopping = false
    }

    private let gateway: any PaymentGateway
    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())

    init(gateway: any PaymentGateway, clock: any WallClock, logger: Logger) {
        self.gateway = gateway
        self.clock = clock
        self.logger = logger
    }

    func bind(to engine: Engine) {
        state.withLock { $0.engine = engine }
    }

    /// No new call is begun; those under way may end. What they learn after the writer has stopped comes again.
    func stop() async {
        state.withLock { state in
            state.isStopping = true
            state.waiting.removeAll()
            state.nextWaiting = 0
        }
        for _ in 0..<40 where state.withLock({ $0.running > 0 }) {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func key(_ task: PaymentTask) -> Key {
        if case .returnStray(let intent, _) = task.kind {
            return Key(event: task.event, order: task.order, stray: intent)
        }
        return Key(event: task.event, order: task.order, stray: nil)
    }

    /// Takes a task; called on the writer's thread, so it only queues it.
    func take(_ task: PaymentTask) {
        let mustStart = state.withLock { state in
            guard !state.isStopping else { return false }
            let key = key(task)
            if state.active[key] != nil {
                state.active[key] = .some(task)
                return false
            }
            state.active[key] = .some(nil)
            state.waiting.append(task)
            guard state.running < SagaRunner.callsMax else { return false }
            state.running += 1
            return true
        }
        if mustStart { Task { await work() } }
    }

    /// Takes a task that may be old news: from a webhook, or from the reconciler. Where a call for the order is under
    /// way, or its next try is set, that leads on by itself, and the old news must not replace what is newer.
    func remind(_ task: PaymentTask) {
        let isUnderWay = state.withLock { $0.active[key(task)] != nil || $0.sleeping[key(task)] != nil }
        if !isUnderWay { take(task) }
    }

    /// Works until nothing waits.
    private func work() async {
        while let task = nextTask() {
            var current: PaymentTask? = task
            while let task = current {
                let isDone = await attempt(task)
                current = finish(task, isDone: isDone)
            }
        }
    }

    private func nextTask() -> PaymentTask? {
        state.withLock { state in
            guard state.nextWaiting < state.waiting.count else {
                state.waiting.removeAll(keepingCapacity: true)
                state.nextWaiting = 0
                state.running -= 1
                return nil
            }
            let task = state.waiting[state.nextWaiting]
            state.nextWaiting += 1
            if state.nextWaiting > 1024, state.nextWaiting > state.waiting.count / 2 {
                state.waiting.removeFirst(state.nextWaiting)
                state.nextWaiting = 0
            }
            return task
        }
    }

    /// After a try: what came meanwhile goes on at once; what brought no answer sleeps.
    private func finish(_ task: PaymentTask, isDone: Bool) -> PaymentTask? {
        let key = key(task)
        enum Next { case run(PaymentTask), sleep(tries: Int), rest }
        let next = state.withLock { state -> Next in
            if case .some(.some(let newer)) = state.active[key] {
                state.active[key] = .some(nil)
                state.sleeping[key] = nil
                return .run(newer)
            }
            state.active[key] = nil
            if isDone || state.isStopping {
                state.sleeping[key] = nil
                return .rest
            }
            let tries = (state.sleeping[key] ?? 0) + 1
            state.sleeping[key] = tries
            return .sleep(tries: tries)
        }
        switch next {
        case .run(let newer): return newer
        case .rest: return nil
        case .sleep(let tries):
            Task { await tryLater(task, tries: tries) }
            return nil
        }
    }

    /// How long to wait before the next try: doubling from a quarter of a second to thirty, spread by a third.
    static func delayMilliseconds(tries: Int) -> Int {
        let base = min(30_000, 250 << min(tries - 1, 10))
        return base + Int.random(in: 0...base / 3)
    }

    private func tryLater(_ task: PaymentTask, tries: Int) async {
        try? await Task.sleep(for: .milliseconds(SagaRunner.delayMilliseconds(tries: tries)))
        // The state may have moved on meanwhile; what it asks for now is what is done.
        guard let engine = state.withLock({ $0.engine }) else { return }
        do {
            let handle = try await engine.event(task.event)
            let wanted = try await engine.read(handle) { partition -> PaymentTask? in
                if case .returnStray(let intent, _) = task.kind {
                    return partition.sale.strays[intent] == nil ? nil : task
                }
                return partition.sale.order(task.order).flatMap { PaymentTask($0, in: partition.definition) }
            }
            if let wanted { take(wanted) } else { state.withLock { $0.sleeping[key(task)] = nil } }
        } catch {
            guard !state.withLock({ $0.isStopping }) else { return }
            await tryLater(task, tries: tries)
        }
    }

    // MARK: One try

    /// - Returns: whether the provider's answer is on disk; if not, it must be asked again.
    private func attempt(_ task: PaymentTask) async -> Bool {
        let isRepeated = state.withLock { $0.sleeping[key(task)] != nil }
        do {
            let results: [PaymentResult]
            switch task.kind {
            case .authorize: results = try await authorize(task)
            case .capture: results = try await capture(task, isRepeated: isRepeated)
            case .void: results = try await void(task)
            case .refund: results = try await refund(task)
            case .returnStray(let intent, let captured):
                results = try await returnStray(intent, captured: captured, task)
            }
            guard let engine = state.withLock({ $0.engine }), !results.isEmpty else { return false }
            let handle = try await engine.event(task.event)
            for result in results {
                _ = try await engine.apply(.sale(.payment(task.order, result)), to: handle)
            }
            return true
        } catch {
            logger.info(
                "The payment provider gave no answer yet; it will be asked again",
                metadata: [
                    "event": "\(task.event)", "order": "\(task.payment.reference)", "step": "\(task.kind)",
                    "error": "\(error)",
                ])
            return false
        }
    }

    private func authorize(_ task: PaymentTask) async throws -> [PaymentResult] {
        // The provider may have forgotten the key; the order expires at once and is looked up.
        guard !isOld(task) else { return [] }
        let payment = try await gateway.authorize(task.payment)
        switch payment.status {
        case .authorized: return [.authorized(intent: payment.intent)]
        case .captured(let amount, _): return [.captured(intent: payment.intent, amount: amount)]
        case .declined(let code): return [.declined(code: code)]
        case .canceled: return [.voided]
        case .pending: return []
        }
    }

    private func capture(_ task: PaymentTask, isRepeated: Bool) async throws -> [PaymentResult] {
        guard let intent = task.intent else { return [] }
        var payment = Payment(intent: intent, status: .authorized)
        if isRepeated || isOld(task) { payment = try await gateway.payment(intent) }
        if payment.status == .authorized { payment = try await gateway.capture(intent, for: task.payment) }
        switch payment.status {
        case .captured(let amount, _): return [.captured(intent: intent, amount: amount)]
        case .declined(let code): return [.captureRefused(code: code)]
        case .canceled: return [.voided]
        case .authorized, .pending: return []
        }
    }

    private func void(_ task: PaymentTask) async throws -> [PaymentResult] {
        var payments: [Payment]
        if let intent = task.intent {
            payments = [try await gateway.payment(intent)]
        } else if isOld(task) {
            payments = try await gateway.payments(for: task.payment.reference)
        } else {
            // The same key again tells what became of the first try.
            payments = [try await gateway.authorize(task.payment)]
        }
        var results: [PaymentResult] = []
        for (index, payment) in payments.enumerated() {
            var payment = payment
            if payment.status == .authorized || payment.status == .pending {
                payment = try await gateway.void(payment.intent, for: task.payment)
            }
            switch payment.status {
            case .captured(let amount, _) where index == 0:
                results.append(.captured(intent: payment.intent, amount: amount))
            case .captured(let amount, let refunded) where amount > refunded:
                results.append(.stray(intent: payment.intent, captured: amount))
            case .authorized, .pending: return []
            default: if index == 0 { results.append(.voided) }
            }
        }
        return payments.isEmpty ? [.voided] : results
    }

    private func refund(_ task: PaymentTask) async throws -> [PaymentResult] {
        guard let intent = task.intent else { return [] }
        if isOld(task), case .captured(_, let refunded) = try await gateway.payment(intent).status,
            refunded >= task.captured
        {
            return [.refunded(amount: task.captured)]
        }
        let refunded = try await gateway.refund(intent, amount: task.captured, for: task.payment)
        return refunded >= task.captured ? [.refunded(amount: task.captured)] : []
    }

    private func returnStray(_ intent: String, captured: Int64, _ task: PaymentTask) async throws -> [PaymentResult] {
        if captured > 0 {
            let refunded = try await gateway.refund(intent, amount: captured, for: task.payment)
            guard refunded >= captured else { return [] }
        } else {
            guard try await gateway.void(intent, for: task.payment).status == .canceled else { return [] }
        }
        return [.strayReturned(intent: intent)]
    }

    private func isOld(_ task: PaymentTask) -> Bool {
        clock.now().milliseconds - task.placedAt.milliseconds > SagaRunner.keySeconds * 1000
    }

    // MARK: Webhooks

    /// Asks the provider about an order now, unless a call for it is under way or it has all that it needs.
    func inquire(_ order: OrderID, at placedAt: Timestamp, of event: EventHandle) async {
        let key = Key(event: event.id, order: order, stray: nil)
        let (engine, isUnderWay) = state.withLock { ($0.engine, $0.active[key] != nil) }
        guard let engine, !isUnderWay else { return }
        let found = try? await engine.read(event) { partition -> (Order, PaymentTask?)? in
            guard let order = partition.sale.order(order), order.placedAt == placedAt else { return nil }
            return (order, PaymentTask(order, in: partition.definition))
        }
        guard let (order, task) = found else { return }
        if let task {
            remind(task)
        } else if order.state == .declined || order.state == .expired, order.captured == 0,
            let intent = order.intent, case .captured(let amount, 0)? = try? await gateway.payment(intent).status
        {
            // Money for an order that had ended: it goes back.
            _ = try? await engine.apply(
                .sale(.payment(order.id, .captured(intent: intent, amount: amount))), to: event)
        }
    }
}
