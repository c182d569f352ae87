import Foundation
import Logging
import OnsaleSale
import OnsaleValues
import Synchronization

/// Carries out what orders need of the provider, and brings the results back as commands.
///
/// What is to be done stands in the state and came from facts on disk, so nothing here need survive: after a crash the
/// same tasks come again. One chain of calls an order is under way at a time; a call that brings no answer is tried
/// again, later and later, until the state no longer asks for it.
final class SagaRunner: Sendable {
    /// Calls to the provider under way at a time.
    static let callsMax = 256
    /// The same while it is not known yet whether the provider is really back.
    private static let trialCallsMax = 4
    private static let probeMilliseconds = 500
    /// How often what goes on failing is told, in seconds.
    private static let reminderSeconds: Int64 = 600

    struct Key: Hashable {
        let event: String
        let order: OrderID
        /// The second payment, for those.
        let stray: String?
    }

    private struct Sleeper {
        let task: PaymentTask
        var wakesAt: UInt64
        /// The provider has asked not to be asked before.
        let notBefore: UInt64
    }

    private struct State {
        weak var engine: Engine?
        var waiting: [PaymentTask] = []
        /// Where `waiting` begins; what is before has been taken.
        var nextWaiting = 0
        var running = 0
        /// Orders with a call under way or about to be, and the task that came meanwhile.
        var active: [Key: PaymentTask?] = [:]
        /// Orders that wait for their next try.
        var sleeping: [Key: Sleeper] = [:]
        var courses: [Key: PaymentCourse] = [:]
        var gate = ProviderGate()
        var isTicking = false
        var isProbing = false
        var isStopping = false
        /// When each kind of trouble was told last.
        var told: [String: Timestamp] = [:]
    }

    private let gateway: any PaymentGateway
    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())
    private let sweep: PaymentSweep

    init(gateway: any PaymentGateway, clock: any WallClock, logger: Logger) {
        self.gateway = gateway
        self.clock = clock
        self.logger = logger
        sweep = PaymentSweep(clock: clock)
    }

    func bind(to engine: Engine) {
        state.withLock { $0.engine = engine }
    }

    /// Learns whether the provider is there, and begins to look after orders that have ended.
    func start() {
        Task {
            await probe()
            await sweep.run(self)
        }
    }

    var health: ProviderHealth { state.withLock { $0.gate.health } }
    var engine: Engine? { state.withLock { $0.isStopping ? nil : $0.engine } }
    var isOpen: Bool { state.withLock { $0.gate.isOpen && !$0.isStopping } }

    /// No new call is begun; those under way may end. What they learn after the writer has stopped comes again.
    func stop() async {
        state.withLock { state in
            state.isStopping = true
            state.waiting.removeAll()
            state.nextWaiting = 0
            state.sleeping.removeAll()
        }
        for _ in 0..<40 where state.withLock({ $0.running > 0 }) {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func key(_ task: PaymentTask) -> Key {
        if case .returnStray(let intent) = task.kind {
            return Key(event: task.event, order: task.order, stray: intent)
        }
        return Key(event: task.event, order: task.order, stray: nil)
    }

    // MARK: The queue

    /// Takes a task; called on the writer's thread, so it only queues it.
    func take(_ task: PaymentTask) {
        take(task) { _ in true }
    }

    private func take(_ task: PaymentTask, if isWanted: (State) -> Bool) {
        let mustStart = state.withLock { state -> Bool in
            guard !state.isStopping, isWanted(state) else { return false }
            return enqueue(task, &state)
        }
        if mustStart { Task { await work() } }
    }

    /// - Returns: whether another worker must be started.
    private func enqueue(_ task: PaymentTask, _ state: inout State) -> Bool {
        let key = key(task)
        state.sleeping[key] = nil
        if state.active[key] != nil {
            state.active[key] = .some(task)
            return false
        }
        state.active[key] = .some(nil)
        state.waiting.append(task)
        guard state.gate.isOpen, state.running < SagaRunner.callsMax(state) else { return false }
        state.running += 1
        return true
    }

    private static func callsMax(_ state: State) -> Int {
        state.gate.isOnTrial ? trialCallsMax : callsMax
    }

    /// Takes a task that may be old news: from the reconciler. Where a call for the order is under way, or its next try is
    /// set, that leads on by itself, and the old news must not replace what is newer.
    func remind(_ task: PaymentTask) {
        take(task) { state in state.active[key(task)] == nil && state.sleeping[key(task)] == nil }
    }

    /// Works until nothing waits, or the provider is away.
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
            let isOneTooMany = state.running > SagaRunner.callsMax(state)
            guard state.gate.isOpen, !isOneTooMany, state.nextWaiting < state.waiting.count else {
                if state.nextWaiting >= state.waiting.count {
                    state.waiting.removeAll(keepingCapacity: true)
                    state.nextWaiting = 0
                }
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
    private func finish(_ task: PaymentTask, isDone: Done) -> PaymentTask? {
        let key = key(task)
        var mustTick = false
        var isDoubtful = false
        let next = state.withLock { state -> PaymentTask? in
            if case .some(.some(let newer)) = state.active[key] {
                state.active[key] = .some(nil)
                state.courses[key]?.tries = 0
                return newer
            }
            state.active[key] = nil
            guard case .notYet(let milliseconds, let isTold) = isDone, !state.isStopping else {
                isDoubtful = state.courses.removeValue(forKey: key)?.isDoubtful ?? false
                return nil
            }
            let wakesAt = DispatchTime.now().uptimeNanoseconds + UInt64(max(0, milliseconds)) * 1_000_000
            state.sleeping[key] = Sleeper(task: task, wakesAt: wakesAt, notBefore: isTold ? wakesAt : 0)
            mustTick = !state.isTicking
            state.isTicking = true
            return nil
        }
        if mustTick { Task { await tick() } }
        if isDoubtful { sweep.doubt(task.payment.reference, self) }
        return next
    }

    // MARK: Sleeping

    /// Wakes who is due, as long as somebody sleeps.
    private func tick() async {
        while true {
            try? await Task.sleep(for: .milliseconds(50))
            let now = DispatchTime.now().uptimeNanoseconds
            let due = state.withLock { state -> [PaymentTask]? in
                guard !state.sleeping.isEmpty, !state.isStopping else {
                    state.isTicking = false
                    return nil
                }
                guard state.gate.isOpen else { return [] }
                return state.sleeping.values.filter { $0.wakesAt <= now }.map(\.task)
            }
            guard let due else { return }
            for task in due { await wake(task) }
        }
    }

    /// The state may have moved on while the order slept; what it asks for now is what is done.
    private func wake(_ task: PaymentTask) async {
        let key = key(task)
        // Moved a little ahead, so that it is not woken twice meanwhile.
        state.withLock { $0.sleeping[key]?.wakesAt += 2_000_000_000 }
        guard let engine else { return }
        guard let wanted = try? await currentTask(for: task, engine) else { return }
        if let wanted {
            take(wanted)
        } else {
            state.withLock { state in
                state.sleeping[key] = nil
                state.courses[key] = nil
            }
        }
    }

    private func currentTask(for task: PaymentTask, _ engine: Engine) async throws -> PaymentTask?? {
        let handle = try await engine.event(task.event)
        return .some(
            try await engine.read(handle) { partition -> PaymentTask? in
                if case .returnStray(let intent) = task.kind {
                    return partition.sale.strays[intent] == nil ? nil : task
                }
                return partition.sale.order(task.order).flatMap { PaymentTask($0, in: partition.definition) }
            })
    }

    // MARK: One try

    private enum Done {
        /// The provider's answer is on disk.
        case done
        /// It must be asked again, after so long.
        case notYet(milliseconds: Int, isTold: Bool = false)
    }

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

    private func attempt(_ task: PaymentTask) async -> Done {
        let key = key(task)
        var course = state.withLock { $0.courses[key] } ?? PaymentCourse(isResumed: task.isResumed)
        course.tries += 1
        defer { state.withLock { $0.courses[key] = course } }
        do {
            let results = try await steps.results(task, &course)
            providerAnswered()
            if results.isEmpty {
                return .notYet(
                    milliseconds: task.isLookingForUnknown
                        ? SagaRunner.lookMilliseconds : SagaRunner.pollMilliseconds(tries: course.tries))
            }
            guard let engine else { return .done }
            let handle = try await engine.event(task.event)
            try await engine.apply(SettlePayment(task.order, results), to: handle)
            // What asks for more of the provider than it did comes as a task of its own; the rest is asked about again.
            guard results.allSatisfy(\.isUndecided) else { return .done }
            if results.contains(where: \.asksPayer) {
                return .notYet(milliseconds: SagaRunner.actionPollMilliseconds(tries: course.tries))
            }
            return .notYet(milliseconds: SagaRunner.pollMilliseconds(tries: course.tries))
        } catch let error as PaymentGatewayError {
            if case .busy(_?) = error {
                return .notYet(milliseconds: delay(after: error, task, tries: course.tries), isTold: true)
            }
            return .notYet(milliseconds: delay(after: error, task, tries: course.tries))
        } catch {
            // The event could not be had just now.
            return .notYet(milliseconds: SagaRunner.delayMilliseconds(tries: course.tries))
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
        guard let reference = payment.reference, let engine else { return true }
        do {
            guard let found = try await engine.order(reference) else { return false }
            return try await engine.read(found.event) { $0.sale.order(found.order) }?.intent == payment.intent
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
        let (mayGoOn, isOnTrial) = state.withLock { ($0.gate.answered(isProbe: isProbe), $0.gate.isOnTrial) }
        guard mayGoOn else { return }
        if !isOnTrial { logger.notice("The payment provider answers again") }
        wakeAll()
    }

    func providerGaveNoAnswer(_ reason: String) {
        let now = clock.now()
        guard state.withLock({ $0.gate.gotNoAnswer(at: now) }) else { return }
        if isNews("away") {
            logger.error(
                "The payment provider does not answer; orders wait until it does", metadata: ["error": "\(reason)"])
        }
        probeUntilBack()
    }

    func providerRefusedKey() {
        let now = clock.now()
        if state.withLock({ $0.gate.refusedKey(at: now) }) { probeUntilBack() }
        if isNews("unauthorized") {
            logger.error("The payment provider does not take the secret key; no order can be paid until that is mended")
        }
    }

    /// Everything that waited goes on, spread over a second.
    private func wakeAll() {
        let now = DispatchTime.now().uptimeNanoseconds
        let workers = state.withLock { state -> Int in
            for (key, sleeper) in state.sleeping {
                let soon = now + UInt64.random(in: 0...1_000_000_000)
                state.sleeping[key]?.wakesAt = max(sleeper.notBefore, min(sleeper.wakesAt, soon))
            }
            let room = SagaRunner.callsMax(state) - state.running
            let wanted = min(room, state.waiting.count - state.nextWaiting)
            state.running += max(0, wanted)
            return max(0, wanted)
        }
        for _ in 0..<workers { Task { await work() } }
    }

    private func probeUntilBack() {
        let mustStart = state.withLock { state in
            defer { state.isProbing = true }
            return !state.isProbing && !state.isStopping
        }
        guard mustStart else { return }
        Task {
            while true {
                try? await Task.sleep(for: .milliseconds(SagaRunner.probeMilliseconds))
                await probe()
                // Both under one lock, or a gate that closes in between would have nobody to open it.
                let isOver = state.withLock { state in
                    guard state.gate.isOpen || state.isStopping else { return false }
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
        sweep.inquire(about: reference, intent: intent, isAboutReturn: isAboutReturn, self)
    }

    /// Asks the provider about an order now.
    /// - Parameters:
    ///   - isAboutReturn: whether an order that has its money may have lost it; else only others are asked about.
    ///   - seeksStrays: whether second payments are looked for.
    /// - Returns: whether the provider has answered, or there is nothing to ask.
    func look(after reference: String, isAboutReturn: Bool, seeksStrays: Bool) async -> Bool {
        guard isOpen, let engine else { return false }
        let found: (event: EventHandle, order: OrderID)?
        do { found = try await engine.order(reference) } catch { return false }
        guard let found else { return true }
        let read = try? await engine.read(found.event) { partition -> (Order, PaymentOrder, PaymentTask?)? in
            guard let order = partition.sale.order(found.order) else { return nil }
            let task = PaymentTask(order, kind: .void, in: partition.definition)
            return (order, task.payment, PaymentTask(order, in: partition.definition))
        }
        guard let read, case (let order, let payment, let task) = read else { return false }
        if let task {
            hasten(task)
            // What is under way ends by itself; what else there may be is looked for afterwards.
            return !isAboutReturn && !seeksStrays
        }
        guard order.amount > 0, isAboutReturn || seeksStrays || order.captured == 0 else { return true }
        return await look(after: order, payment, found.event, seeksStrays: seeksStrays)
    }

    /// Has a sleeping order tried at once; where a call is under way it leads on by itself, and where the provider has
    /// asked for patience it is left alone.
    private func hasten(_ task: PaymentTask) {
        let now = DispatchTime.now().uptimeNanoseconds
        take(task) { state in
            state.active[key(task)] == nil && state.sleeping[key(task)]?.notBefore ?? 0 <= now
        }
    }

    private func look(
        after order: Order, _ payment: PaymentOrder, _ event: EventHandle, seeksStrays: Bool
    ) async -> Bool {
        do {
            let results = try await steps.lookAfter(order, as: payment, seeksStrays: seeksStrays)
            providerAnswered()
            guard let engine else { return false }
            let news = results.filter { $0.isNews(to: order) }
            guard !news.isEmpty else { return true }
            logger.notice(
                "The payment provider knows something that was not asked for here",
                metadata: ["event": "\(event.id)", "order": "\(payment.reference)", "news": "\(news)"])
            let command = SettlePayment(order.id, news)
            if let action = news.compactMap(\.auditAction).first {
                let note = AuditNote(actor: "payment provider", action: action, detail: payment.reference)
                try await engine.apply(Audited(command, as: note), to: event)
            } else {
                try await engine.apply(command, to: event)
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

extension PaymentResult {
    /// Whether the provider must be asked again for the same.
    fileprivate var isUndecided: Bool {
        switch self {
        case .pending, .actionRequired, .stray: true
        default: false
        }
    }

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
