import Foundation
import Logging
import OnsaleSale
import OnsaleValues
import Synchronization

/// Carries out what orders need of the provider, and brings the results back as commands.
///
/// What is to be done stands in the state and came from facts on disk, so nothing here need survive: after a crash the
/// same tasks come again. When each call is made ``PaymentQueue`` says, and what its answer means ``PaymentSteps``.
final class SagaRunner: Sendable {
    private static let probeMilliseconds = 500
    private static let tickMilliseconds = 50
    /// How often what goes on failing is told, in seconds.
    private static let reminderSeconds: Int64 = 600

    private struct State {
        var queue = PaymentQueue()
        var isTicking = false
        var isProbing = false
        /// When each kind of trouble was told last.
        var told: [String: Timestamp] = [:]
    }

    let events: EventAccess
    private let gateway: any PaymentGateway
    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())
    private let sweep: PaymentSweep

    init(events: EventAccess, gateway: any PaymentGateway, clock: any WallClock, logger: Logger) {
        self.events = events
        self.gateway = gateway
        self.clock = clock
        self.logger = logger
        sweep = PaymentSweep(clock: clock)
    }

    /// Learns whether the provider is there, and begins to look after orders that have ended.
    func start() {
        Task {
            await probe()
            await sweep.run(self)
        }
    }

    var health: ProviderHealth { state.withLock { $0.queue.gate.health } }
    var isStopping: Bool { state.withLock { $0.queue.isStopping } }
    var isOpen: Bool { state.withLock { $0.queue.gate.isOpen && !$0.queue.isStopping } }

    /// No new call is begun; those under way may end. What they learn after the writer has stopped comes again.
    func stop() async {
        state.withLock { $0.queue.stop() }
        for _ in 0..<40 where state.withLock({ $0.queue.running > 0 }) {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: The queue

    private static var uptime: UInt64 { DispatchTime.now().uptimeNanoseconds }

    /// Changes the queue, does what is to be done then, and sees to it that sleepers are woken.
    private func change(_ body: (inout PaymentQueue) -> Void) {
        let (actions, mustTick) = state.withLock { state in
            body(&state.queue)
            let mustTick = state.queue.hasSleepers && !state.isTicking
            if mustTick { state.isTicking = true }
            return (state.queue.actions(now: SagaRunner.uptime), mustTick)
        }
        perform(actions)
        if mustTick { Task { await tick() } }
    }

    private func perform(_ actions: [PaymentQueue.Action]) {
        for action in actions {
            switch action {
            case .call(let call): Task { await perform(call) }
            case .lookForStrays(let reference): sweep.doubt(reference, self)
            }
        }
    }

    private func perform(_ call: PaymentQueue.Call) async {
        var call = call
        let pause = await attempt(call.task, &call.course)
        let ended = call
        change { $0.finish(ended, pause, now: SagaRunner.uptime) }
    }

    /// Does what has become due, as long as somebody sleeps.
    private func tick() async {
        while true {
            try? await Task.sleep(for: .milliseconds(SagaRunner.tickMilliseconds))
            let actions = state.withLock { state -> [PaymentQueue.Action]? in
                guard state.queue.hasSleepers else {
                    state.isTicking = false
                    return nil
                }
                return state.queue.actions(now: SagaRunner.uptime)
            }
            guard let actions else { return }
            perform(actions)
        }
    }

    // MARK: One try

    /// How long to wait before the next try: doubling from a quarter of a second to eight, spread by a third.
    static func delayMilliseconds(tries: Int) -> Int {
        let base = min(8000, 250 << min(max(0, tries - 1), 10))
        return base + Int.random(in: 0...base / 3)
    }

    /// How long to wait before asking again about what the provider has not decided: half a second to three.
    private static func pollMilliseconds(tries: Int) -> Int { min(3000, 500 * max(1, tries)) }
    /// A payer at the bank takes long, and a webhook tells of the end: one second, then ever later, up to fifteen.
    private static func actionPollMilliseconds(tries: Int) -> Int { min(15_000, 1000 << min(max(0, tries - 1), 4)) }
    /// What may still come of a call of an order that has ended is looked for at this pace.
    private static let lookMilliseconds = 10_000
    /// What asks for a person is tried again rarely.
    private static let rejectedMilliseconds = 30_000

    /// Asks the provider, and has its answer taken in.
    /// - Returns: when to ask again, should the order ask for the same then.
    private func attempt(_ task: PaymentTask, _ course: inout PaymentCourse) async -> PaymentQueue.Pause {
        do {
            let results = try await steps.results(task, &course)
            providerAnswered()
            guard !results.isEmpty else {
                return .init(
                    milliseconds: task.isLookingForUnknown
                        ? SagaRunner.lookMilliseconds : SagaRunner.pollMilliseconds(tries: course.tries))
            }
            if !isStopping {
                try await events.apply(SettlePayment(task.order, results), to: try await events.event(task.event))
            }
            return .init(
                milliseconds: results.contains(where: \.asksPayer)
                    ? SagaRunner.actionPollMilliseconds(tries: course.tries)
                    : SagaRunner.pollMilliseconds(tries: course.tries))
        } catch let error as PaymentGatewayError {
            let milliseconds = delay(after: error, task, tries: course.tries)
            if case .busy(_?) = error { return .init(milliseconds: milliseconds, isTold: true) }
            return .init(milliseconds: milliseconds)
        } catch {
            // The event could not be had just now.
            return .init(milliseconds: SagaRunner.delayMilliseconds(tries: course.tries))
        }
    }

    private var steps: PaymentSteps {
        PaymentSteps(
            gateway: gateway, clock: clock,
            isOthers: { [weak self] payment in await self?.isOthers(payment) ?? true },
            alarm: { [weak self] task, reason in self?.alarm(task, reason) })
    }

    /// Whether a payment is the one of the order that it names.
    private func isOthers(_ payment: Payment) async -> Bool {
        guard let reference = payment.reference, !isStopping else { return true }
        do {
            let read = try await events.read(order: reference) { _, order in order.intent == payment.intent }
            return read?.value ?? false
        } catch {
            // While that can't be said, nothing is undone.
            return true
        }
    }

    private func delay(after error: PaymentGatewayError, _ task: PaymentTask, tries: Int) -> Int {
        let delay = SagaRunner.delayMilliseconds(tries: tries)
        switch error {
        case .unanswered(let reason):
            providerGaveNoAnswer(reason)
            logger.info("The payment provider gave no answer; it will be asked again", metadata: metadata(task, error))
            return delay
        case .unauthorized:
            providerRefusedKey()
            return SagaRunner.rejectedMilliseconds
        case .busy(let seconds):
            providerAnswered()
            return max(delay, min(seconds ?? 0, 120) * 1000)
        case .notAsked:
            // That says nothing of whether the provider is there.
            return delay
        case .rejected:
            providerAnswered()
            tell("rejected", .error, "The payment provider refuses a request; it will be asked again", task, error)
            return max(delay, tries > 3 ? SagaRunner.rejectedMilliseconds : 0)
        case .failed, .keyConflict, .unknownPayment:
            providerAnswered()
            logger.info("The payment provider failed; what became of it is looked up", metadata: metadata(task, error))
            return delay
        }
    }

    // MARK: Telling

    private func metadata(_ task: PaymentTask, _ error: any Error) -> Logger.Metadata {
        [
            "event": "\(task.event)", "order": "\(task.payment.reference)", "step": "\(task.kind)", "error": "\(error)",
        ]
    }

    private func alarm(_ task: PaymentTask, _ reason: String) {
        tell(
            "alarm " + task.payment.reference, .error, "A payment needs somebody to look at it", task,
            PaymentGatewayError.rejected(status: 0, reason))
    }

    /// Says something once, and again only after a while.
    private func tell(
        _ what: String, _ level: Logger.Level, _ message: Logger.Message, _ task: PaymentTask, _ error: any Error
    ) {
        if isNews(what) { logger.log(level: level, message, metadata: metadata(task, error)) }
    }

    private func isNews(_ what: String) -> Bool {
        let now = clock.now()
        return state.withLock { state in
            if let last = state.told[what], last.adding(seconds: Int(SagaRunner.reminderSeconds)) > now { return false }
            if state.told.count >= 1000 { state.told.removeAll() }
            state.told[what] = now
            return true
        }
    }

    // MARK: Whether the provider is there

    func providerAnswered() {
        answered(isProbe: false)
    }

    private func answered(isProbe: Bool) {
        let (mayGoOn, isOnTrial) = state.withLock {
            ($0.queue.gate.noteAnswer(isProbe: isProbe), $0.queue.gate.isOnTrial)
        }
        guard mayGoOn else { return }
        if !isOnTrial { logger.notice("The payment provider answers again") }
        var random = SystemRandomNumberGenerator()
        change { $0.wakeAll(now: SagaRunner.uptime, &random) }
    }

    func providerGaveNoAnswer(_ reason: String) {
        let now = clock.now()
        guard state.withLock({ $0.queue.gate.noteSilence(at: now) }) else { return }
        if isNews("away") {
            logger.error(
                "The payment provider does not answer; orders wait until it does", metadata: ["error": "\(reason)"])
        }
        probeUntilBack()
    }

    func providerRefusedKey() {
        let now = clock.now()
        if state.withLock({ $0.queue.gate.noteRefusedKey(at: now) }) { probeUntilBack() }
        if isNews("unauthorized") {
            logger.error("The payment provider does not take the secret key; no order can be paid until that is mended")
        }
    }

    private func probeUntilBack() {
        let mustStart = state.withLock { state in
            defer { state.isProbing = true }
            return !state.isProbing && !state.queue.isStopping
        }
        guard mustStart else { return }
        Task {
            while true {
                try? await Task.sleep(for: .milliseconds(SagaRunner.probeMilliseconds))
                await probe()
                // Both under one lock, or a gate that closes in between would have nobody to open it.
                let isOver = state.withLock { state in
                    guard state.queue.gate.isOpen || state.queue.isStopping else { return false }
                    state.isProbing = false
                    return true
                }
                if isOver { return }
            }
        }
    }

    private func probe() async {
        do {
            try await gateway.probe()
            answered(isProbe: true)
        } catch PaymentGatewayError.unauthorized {
            providerRefusedKey()
        } catch {}
    }

    // MARK: Looking after orders that have ended

    func inquire(about reference: String?, intent: String?, isAboutReturn: Bool) {
        // Most tell of a payment that is under way here, so nothing need be looked up.
        if !isAboutReturn, let reference, hasten(reference) { return }
        sweep.inquire(about: reference, intent: intent, isAboutReturn: isAboutReturn, self)
    }

    private func hasten(_ reference: String) -> Bool {
        guard let id = PublicID(.order, text: reference), let event = events.directory.event(tag: id.tag) else {
            return false
        }
        let key = PaymentQueue.Key(event: event, order: OrderID(id.serial))
        var isKnown = false
        change { isKnown = $0.hasten(key, now: SagaRunner.uptime) }
        return isKnown
    }

    /// Asks the provider about an order now.
    /// - Parameters:
    ///   - isAboutReturn: whether an order that has its money may have lost it; else only others are asked about.
    ///   - seeksStrays: whether second payments are looked for.
    /// - Returns: whether the provider has answered, or there is nothing to ask.
    func look(after reference: String, isAboutReturn: Bool, seeksStrays: Bool) async -> Bool {
        guard isOpen else { return false }
        let read: (event: EventHandle, value: (Order, PaymentOrder, PaymentTask?))?
        do {
            read = try await events.read(order: reference) { partition, order in
                let definition = partition.definition
                return (
                    order, PaymentTask(order, kind: .void, in: definition).payment, PaymentTask(order, in: definition)
                )
            }
        } catch { return false }
        guard let (event, (order, payment, task)) = read else { return true }
        if let task {
            change { queue in
                if !queue.hasten(PaymentQueue.Key(task), now: SagaRunner.uptime) { queue.remind(of: task) }
            }
            // What is under way ends by itself; what else there may be is looked for afterwards.
            return !isAboutReturn && !seeksStrays
        }
        guard order.amount > 0, isAboutReturn || seeksStrays || order.captured == 0 else { return true }
        return await look(after: order, payment, event, seeksStrays: seeksStrays)
    }

    private func look(
        after order: Order, _ payment: PaymentOrder, _ event: EventHandle, seeksStrays: Bool
    ) async -> Bool {
        do {
            let results = try await steps.lookAfter(order, as: payment, seeksStrays: seeksStrays)
            providerAnswered()
            guard !isStopping else { return false }
            let news = results.filter { $0.isNews(to: order) }
            guard !news.isEmpty else { return true }
            logger.notice(
                "The payment provider knows something that was not asked for here",
                metadata: ["event": "\(event.id)", "order": "\(payment.reference)", "news": "\(news)"])
            let command = SettlePayment(order.id, news)
            if let action = news.compactMap(\.auditAction).first {
                let note = AuditNote(actor: "payment provider", action: action, detail: payment.reference)
                try await events.apply(Audited(command, as: note), to: event)
            } else {
                try await events.apply(command, to: event)
            }
            return true
        } catch PaymentGatewayError.unanswered(let reason) {
            providerGaveNoAnswer(reason)
        } catch PaymentGatewayError.unauthorized {
            providerRefusedKey()
        } catch {}
        return false
    }

    /// Reads which order a payment names; nil for one that the provider does not know.
    func reference(of intent: String) async throws -> String? {
        do { return try await gateway.reference(of: intent) } catch PaymentGatewayError.unknownPayment { return nil }
    }
}

extension SagaRunner: Follower {
    func follow(_ committed: Committed, in partition: borrowing Partition) {
        let news = PaymentTask.news(of: committed.facts, in: partition)
        guard !news.isEmpty else { return }
        change { queue in
            for (key, task) in news { queue.set(task, for: key) }
        }
    }

    func resume(_ partition: borrowing Partition, at head: JournalHead) {
        let tasks = PaymentTask.all(in: partition)
        change { queue in
            for var task in tasks {
                task.isResumed = true
                queue.set(task, for: PaymentQueue.Key(task))
            }
        }
    }

    func leave(_ event: String) {
        change { $0.leave(event) }
    }

    func remind(of task: PaymentTask) {
        change { $0.remind(of: task) }
    }
}

extension PaymentResult {
    /// Whether the payer has to act.
    fileprivate var asksPayer: Bool {
        if case .actionRequired = self { return true }
        return false
    }

    /// Whether it says anything of an ended order that is not known.
    fileprivate func isNews(to order: Order) -> Bool {
        switch self {
        case .refunded(let total): min(total, order.captured) != order.refunded
        case .disputed(let isDisputed): isDisputed != order.isDisputed
        default: true
        }
    }

    /// What of it the organizer should read.
    fileprivate var auditAction: AuditNote.Action? {
        switch self {
        case .refunded: .refundSeen
        case .disputed(true): .disputeSeen
        default: nil
        }
    }
}
