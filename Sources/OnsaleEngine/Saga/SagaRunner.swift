import Foundation
import Logging
import OnsaleSale
import OnsaleValues
import Synchronization
import Tracing

/// Asks the provider for what orders need and brings the results back as commands.
///
/// The tasks follow from the facts on disk, so nothing here has to survive a crash; the same tasks come again.
/// ``PaymentQueue`` says when to make each call, and ``PaymentSteps`` what its answer means.
final class SagaRunner: Sendable {
    private static let probeMilliseconds = 500
    /// How long the provider may stay silent because nobody asks before it is probed.
    private static let quietSeconds = 10
    private static let tickMilliseconds = 50
    /// How often to log the same ongoing trouble, in seconds.
    private static let reminderSeconds: Int64 = 600

    private struct State {
        var queue = PaymentQueue()
        var isTicking = false
        var isProbing = false
        /// When the provider last answered anything, by the clock that nobody sets.
        var lastAnswer: UInt64 = 0
        /// When each kind of trouble was last logged.
        var told: [String: Timestamp] = [:]
    }

    let events: EventAccess
    let requests = PlacingRequests()
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

    /// Probes the provider, and starts checking ended orders.
    func start() {
        Task {
            await probe()
            await sweep.run(self)
        }
        Task { await watch() }
    }

    /// Notices that the provider has gone while nobody orders, so that an operator learns of it before the fans do.
    private func watch() async {
        while !isStopping {
            try? await Task.sleep(for: .seconds(SagaRunner.quietSeconds))
            let since = SagaRunner.uptime - UInt64(SagaRunner.quietSeconds) * 1_000_000_000
            let isQuiet = state.withLock { $0.lastAnswer < since && $0.queue.gate.isOpen && $0.queue.running == 0 }
            guard isQuiet, !isStopping else { continue }
            await probe()
        }
    }

    /// How many orders a call is in progress for, and how many wait for theirs.
    var load: (running: Int, waiting: Int) { state.withLock { ($0.queue.running, $0.queue.count - $0.queue.running) } }
    var health: ProviderHealth { state.withLock { $0.queue.gate.health } }
    var isStopping: Bool { state.withLock { $0.queue.isStopping } }
    var isOpen: Bool { state.withLock { $0.queue.gate.isOpen && !$0.queue.isStopping } }

    /// Begins no new calls and gives those in progress two seconds to end. What they learn after the writer has stopped
    /// is asked again at the next start.
    func stop() async {
        state.withLock { $0.queue.stop() }
        for _ in 0..<40 where state.withLock({ $0.queue.running > 0 }) {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: The queue

    private static var uptime: UInt64 { DispatchTime.now().uptimeNanoseconds }

    /// Changes the queue, performs the actions that follow, and makes sure that sleepers wake.
    private func change(_ body: (inout PaymentQueue) -> Void) {
        let (actions, mustTick) = state.withLock { state in
            body(&state.queue)
            let mustTick = state.queue.hasSleepers && !state.isTicking
            if mustTick { state.isTicking = true }
            return (state.queue.actions(now: SagaRunner.uptime), mustTick)
        }
        perform(actions)
        // Not in the context of whoever happened to change the queue.
        if mustTick { Task.detached { [self] in await tick() } }
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
        let pause = await InstrumentationContext.withValue(call.task.context(requestID: requests.id(of: call.task))) {
            await attempt(call.task, &call.course)
        }
        let ended = call
        change { $0.finish(ended, pause, now: SagaRunner.uptime) }
    }

    /// Performs actions as they become due, while any order sleeps.
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

    // MARK: One attempt

    /// How long to wait after an unanswered call: doubles from a quarter of a second to eight seconds, plus up to a
    /// third of jitter.
    static func delayMilliseconds(tries: Int) -> Int {
        let base = min(8000, 250 << min(max(0, tries - 1), 10))
        return base + Int.random(in: 0...base / 3)
    }

    /// How long to wait while the provider hasn't decided: from half a second up to three seconds.
    private static func pollMilliseconds(tries: Int) -> Int { min(3000, 500 * max(1, tries)) }
    /// How long to wait while the payer confirms, which takes long and ends with a webhook: doubles from one second to
    /// fifteen.
    private static func actionPollMilliseconds(tries: Int) -> Int { min(15_000, 1000 << min(max(0, tries - 1), 4)) }
    /// How long to wait while searching for a payment of an ended order.
    private static let lookMilliseconds = 10_000
    /// How long to wait when only a person can fix the cause.
    private static let rejectedMilliseconds = 30_000

    /// Asks the provider and applies its answer to the order.
    /// - Returns: how long to wait before asking again, if the order still needs the same then.
    private func attempt(_ task: PaymentTask, _ course: inout PaymentCourse) async -> PaymentQueue.Pause {
        // A deposed owner must not ask the provider for anything; the new one does.
        guard events.isWritten(task.event, under: task.epoch) else {
            return .init(milliseconds: SagaRunner.delayMilliseconds(tries: course.tries))
        }
        do {
            let results = try await steps.results(task, &course)
            providerAnswered()
            logger.debug(
                "The payment provider answered",
                metadata: ["step": "\(task.kind)", "results": "\(results.count)", "tries": "\(course.tries)"])
            guard !results.isEmpty else {
                return .init(
                    milliseconds: task.isLookingForUnknown
                        ? SagaRunner.lookMilliseconds : SagaRunner.pollMilliseconds(tries: course.tries))
            }
            if !isStopping {
                try await events.apply(
                    SettlePayment(task.order, results), to: try await events.event(task.event), under: task.epoch)
            }
            return .init(
                milliseconds: results.contains(where: \.asksPayer)
                    ? SagaRunner.actionPollMilliseconds(tries: course.tries)
                    : SagaRunner.pollMilliseconds(tries: course.tries))
        } catch let error as PaymentGatewayError {
            let milliseconds = delay(after: error, task, tries: course.tries)
            if case .busy(_?) = error { return .init(milliseconds: milliseconds, isFromProvider: true) }
            return .init(milliseconds: milliseconds)
        } catch {
            // The event isn't available just now.
            return .init(milliseconds: SagaRunner.delayMilliseconds(tries: course.tries))
        }
    }

    private var steps: PaymentSteps {
        PaymentSteps(
            gateway: gateway, clock: clock,
            isOthers: { [weak self] payment in await self?.isOthers(payment) ?? true },
            alarm: { [weak self] task, reason in self?.alarm(task, reason) })
    }

    /// Whether the order a payment names owns it. If so, no other order may undo it.
    private func isOthers(_ payment: Payment) async -> Bool {
        guard let reference = payment.reference, !isStopping else { return true }
        do {
            let read = try await events.read(order: reference) { _, order in order.intent == payment.intent }
            return read?.value ?? false
        } catch {
            // While we can't tell, nothing may be undone.
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
            // This says nothing about the provider's health.
            return delay
        case .rejected:
            providerAnswered()
            tell("rejected", .error, "The payment provider rejects a request; it will be repeated", task, error)
            return max(delay, tries > 3 ? SagaRunner.rejectedMilliseconds : 0)
        case .failed, .keyConflict, .unknownPayment:
            providerAnswered()
            logger.info("The payment provider failed; the payment will be looked up", metadata: metadata(task, error))
            return delay
        }
    }

    // MARK: Logging

    private func metadata(_ task: PaymentTask, _ error: any Error) -> Logger.Metadata {
        [
            "event": "\(task.event)", "order": "\(task.payment.reference)", "step": "\(task.kind)", "error": "\(error)",
        ]
    }

    private func alarm(_ task: PaymentTask, _ reason: String) {
        tell(
            "alarm " + task.payment.reference, .error, "A payment needs manual attention", task,
            PaymentGatewayError.rejected(status: 0, reason))
    }

    /// Logs something once, and again only after ``reminderSeconds``.
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

    // MARK: The provider's health

    func providerAnswered() {
        answered(isProbe: false)
    }

    private func answered(isProbe: Bool) {
        let now = SagaRunner.uptime
        let (mayGoOn, isOnTrial) = state.withLock { state in
            state.lastAnswer = now
            return (state.queue.gate.noteAnswer(isProbe: isProbe), state.queue.gate.isOnTrial)
        }
        guard mayGoOn else { return }
        if !isOnTrial { logger.notice("The payment provider answers again") }
        var random = SystemRandomNumberGenerator()
        change { $0.wakeAll(now: SagaRunner.uptime, &random) }
    }

    func providerGaveNoAnswer(_ reason: String) {
        let now = clock.now()
        if state.withLock({ $0.queue.gate.noteSilence(at: now) }) { providerIsAway(reason) }
    }

    private func providerIsAway(_ reason: String) {
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
            logger.error("The payment provider rejects our secret key; no order can be paid until the key is fixed")
        }
    }

    private func probeUntilBack() {
        let mustStart = state.withLock { state in
            defer { state.isProbing = true }
            return !state.isProbing && !state.queue.isStopping
        }
        guard mustStart else { return }
        // Not in the context of the order that found it away.
        Task.detached { [self] in
            while true {
                try? await Task.sleep(for: .milliseconds(SagaRunner.probeMilliseconds))
                await probe()
                // Check and clear under one lock, or a gate that closes in between would never be probed again.
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
        } catch {
            let now = clock.now()
            let isNew = state.withLock { $0.queue.gate.noteUnansweredProbe(at: now) }
            if isNew { providerIsAway("\(error)") }
        }
    }

    // MARK: Checking ended orders

    func inquire(about reference: String?, intent: String?, isAboutReturn: Bool) {
        // The node that writes the event hears of it too.
        if let reference, isElsewhere(reference) { return }
        // Most webhooks are about a payment in progress here; waking that is enough.
        if !isAboutReturn, let reference, hasten(reference) { return }
        sweep.inquire(about: reference, intent: intent, isAboutReturn: isAboutReturn, self)
    }

    private func isElsewhere(_ reference: String) -> Bool {
        guard let id = PublicID(.order, text: reference), let event = events.directory.event(tag: id.tag),
            let handle = try? events.directory.loaded(event)
        else { return false }
        return !handle.isHere
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
    ///   - isAboutReturn: whether captured money may have gone back. If false, skips orders with captured money.
    ///   - seeksStrays: whether to look for second payments.
    /// - Returns: whether the provider has answered, or there is nothing to ask.
    func look(after reference: String, isAboutReturn: Bool, seeksStrays: Bool) async -> Bool {
        guard isOpen else { return false }
        let read: (event: EventHandle, value: (Order, subject: PaymentTask, PaymentTask?))?
        do {
            read = try await events.read(order: reference) { partition, order in
                let definition = partition.definition
                let epoch = partition.epoch
                return (
                    order, PaymentTask(order, kind: .void, in: definition, epoch: epoch),
                    PaymentTask(order, in: definition, epoch: epoch)
                )
            }
        } catch { return false }
        guard let (event, (order, subject, task)) = read else { return true }
        if let task {
            // Only that: what was read may be old news by now, and the queue learns what to do from the writer's thread.
            change { $0.hasten(PaymentQueue.Key(task), now: SagaRunner.uptime) }
            // The task in progress ends by itself; check for the rest afterward. Only a refund may wait for ever, as of
            // a disputed payment nothing goes back: neither its tickets nor a second payment may wait with it.
            guard order.duty == .refund, isAboutReturn else { return !isAboutReturn && !seeksStrays }
        }
        guard order.amount > 0, isAboutReturn || seeksStrays || order.captured == 0 else { return true }
        let isAnswered = await InstrumentationContext.withValue(
            subject.context(requestID: requests.id(of: subject))
        ) {
            await look(after: order, subject, event, seeksStrays: seeksStrays)
        }
        return isAnswered && task == nil
    }

    private func look(
        after order: Order, _ subject: PaymentTask, _ event: EventHandle, seeksStrays: Bool
    ) async -> Bool {
        let payment = subject.payment
        do {
            let (results, isComplete) = try await steps.lookAfter(order, as: payment, seeksStrays: seeksStrays)
            providerAnswered()
            guard !isStopping else { return false }
            let news = results.filter { $0.isNews(to: order) }
            guard !news.isEmpty else { return isComplete }
            logger.notice(
                "The payment provider reports changes that this server did not request",
                metadata: ["event": "\(event.id)", "order": "\(payment.reference)", "news": "\(news)"])
            let command = SettlePayment(order.id, news)
            if let action = news.compactMap(\.auditAction).first {
                let note = AuditNote(actor: "payment provider", action: action, detail: payment.reference)
                try await events.apply(Audited(command, as: note), to: event, under: subject.epoch)
            } else {
                try await events.apply(command, to: event, under: subject.epoch)
            }
            return isComplete
        } catch PaymentGatewayError.unanswered(let reason) {
            providerGaveNoAnswer(reason)
        } catch PaymentGatewayError.unauthorized {
            providerRefusedKey()
        } catch {}
        return false
    }

    /// The order a payment names; nil if it names none or the provider doesn't know it.
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
    /// Whether the payer must act.
    fileprivate var asksPayer: Bool {
        if case .actionRequired = self { return true }
        return false
    }

    /// Whether it says anything new about an ended order. While money goes back, its own call says how much has.
    fileprivate func isNews(to order: Order) -> Bool {
        switch self {
        case .refunded(let total): order.duty == nil && min(total, order.captured) != order.refunded
        case .disputed(let isDisputed): isDisputed != order.isDisputed
        default: true
        }
    }

    /// The entry it makes in the organizer's audit log, if any.
    fileprivate var auditAction: AuditNote.Action? {
        switch self {
        case .refunded: .refundSeen
        case .disputed(true): .disputeSeen
        default: nil
        }
    }
}
