import DequeModule
import HeapModule
import OnsaleSale

/// Schedules calls to the provider: one at a time per order, a limited number in total, and retries.
///
/// What an order needs comes from the journal alone (``set(_:for:)``). The end of a call says only when to retry, if
/// the order still needs the same then. So it doesn't matter which of the two arrives first.
///
/// Pure: times are nanoseconds of any monotonic clock, and what to do is returned as actions.
struct PaymentQueue: Sendable {
    /// The most concurrent calls to the provider.
    static let callsMax = 256
    /// The same while it isn't certain that the provider is back.
    static let trialCallsMax = 4

    /// An order, or a second payment of one.
    struct Key: Hashable, Comparable, Sendable {
        let event: String
        let order: OrderID
        let stray: String?

        init(event: String, order: OrderID, stray: String? = nil) {
            self.event = event
            self.order = order
            self.stray = stray
        }

        init(_ task: PaymentTask) {
            event = task.event
            order = task.order
            if case .returnStray(let intent) = task.kind { stray = intent } else { stray = nil }
        }

        static func < (left: Key, right: Key) -> Bool {
            (left.event, left.order, left.stray ?? "") < (right.event, right.order, right.stray ?? "")
        }
    }

    struct Call: Sendable {
        let task: PaymentTask
        var course: PaymentCourse
    }

    enum Action: Sendable {
        /// Call the provider now.
        case call(Call)
        /// The order needs nothing more, but a call was repeated, so look for a second payment.
        case lookForStrays(reference: String)
    }

    /// How long to wait before repeating a call.
    struct Pause: Sendable {
        let milliseconds: Int
        /// Whether the provider asked for this delay; then nothing may shorten it.
        var isFromProvider = false
    }

    private enum Phase {
        /// Waiting for a free call slot.
        case waiting
        case calling
        case sleeping(until: UInt64, notBefore: UInt64)
    }

    private struct Entry {
        /// What the order needs; nil if it needs nothing more but a call is still in progress.
        var task: PaymentTask?
        var course: PaymentCourse
        var phase: Phase
    }

    /// Ordered by due time, then by key, so the result never depends on a dictionary's order.
    private struct Alarm: Comparable {
        let at: UInt64
        let key: Key

        static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.key) < (right.at, right.key) }
    }

    var gate = ProviderGate()
    private(set) var running = 0
    private(set) var isStopping = false
    /// How many orders need something from the provider.
    var count: Int { entries.count }
    private var entries: [Key: Entry] = [:]
    /// Keys in phase `waiting`, with some stale entries.
    private var waiting = Deque<Key>()
    /// Alarms of keys in phase `sleeping`, with some stale entries.
    private var alarms = Heap<Alarm>()
    private var doubtful: [String] = []

    // MARK: What orders need

    /// Sets what the order needs now according to the journal; nil for nothing. An order that has moved on to another
    /// step goes ahead of newly placed orders.
    ///
    /// Called from the writer's thread alone, so that news come in the journal's order: an entry made from old news
    /// would ask for ever what no answer can settle.
    mutating func set(_ task: PaymentTask?, for key: Key) {
        guard !isStopping else { return }
        guard let entry = entries[key] else {
            guard let task else { return }
            entries[key] = Entry(task: task, course: PaymentCourse(isResumed: task.isResumed), phase: .waiting)
            waiting.append(key)
            return
        }
        switch (entry.phase, task) {
        case (.calling, _), (.waiting, _?): entries[key]?.task = task
        case (.sleeping, let task?):
            entries[key]?.task = task
            if task.kind != entry.task?.kind { requeueFirst(key) }
        case (.waiting, nil), (.sleeping, nil): close(key, entry.task?.payment.reference)
        }
    }

    /// Adds what an order needs by the state as it is now, if the order is not known. From the writer's thread alone.
    mutating func remind(of task: PaymentTask) {
        let key = Key(task)
        if entries[key] == nil { set(task, for: key) }
    }

    /// Wakes a sleeping order at once, unless the provider asked for the delay. A call in progress goes on by itself.
    /// - Returns: whether the order is known to need anything.
    @discardableResult
    mutating func hasten(_ key: Key, now: UInt64) -> Bool {
        guard let entry = entries[key], entry.task != nil else { return false }
        if case .sleeping(_, let notBefore) = entry.phase, notBefore <= now {
            entries[key]?.phase = .waiting
            waiting.append(key)
        }
        return true
    }

    /// The event is out of service: no new calls for its orders.
    mutating func leave(_ event: String) {
        for (key, entry) in entries where key.event == event {
            if case .calling = entry.phase { entries[key]?.task = nil } else { entries[key] = nil }
        }
    }

    /// Begins no new calls; those in progress may end.
    mutating func stop() {
        isStopping = true
        waiting.removeAll()
        alarms = Heap()
    }

    // MARK: What to do

    /// What to do now; no calls while the gate is closed.
    mutating func actions(now: UInt64) -> [Action] {
        defer { doubtful.removeAll() }
        var actions = doubtful.map { Action.lookForStrays(reference: $0) }
        guard !isStopping, gate.isOpen else { return actions }
        while let alarm = alarms.min, alarm.at <= now {
            alarms.removeMin()
            guard case .sleeping(alarm.at, _) = entries[alarm.key]?.phase else { continue }
            entries[alarm.key]?.phase = .waiting
            waiting.append(alarm.key)
        }
        let max = gate.isOnTrial ? PaymentQueue.trialCallsMax : PaymentQueue.callsMax
        while running < max, let key = waiting.popFirst() {
            guard var entry = entries[key], case .waiting = entry.phase, let task = entry.task else { continue }
            running += 1
            entry.phase = .calling
            entry.course.tries += 1
            entries[key] = entry
            actions.append(.call(Call(task: task, course: entry.course)))
        }
        return actions
    }

    /// Notes the end of a call. If its order still needs the same, the call is repeated after the pause.
    mutating func finish(_ call: Call, _ pause: Pause, now: UInt64) {
        let key = Key(call.task)
        running -= 1
        guard entries[key] != nil else { return }
        entries[key]?.course = call.course
        guard !isStopping, let task = entries[key]?.task else { return close(key, call.task.payment.reference) }
        guard task.kind == call.task.kind else { return requeueFirst(key) }
        let until = now + UInt64(max(0, pause.milliseconds)) * 1_000_000
        sleep(key, until: until, notBefore: pause.isFromProvider ? until : 0)
    }

    /// Whether any order sleeps, so someone must ask for actions later.
    var hasSleepers: Bool { !alarms.isEmpty && !isStopping }

    /// The provider is back: wakes all sleepers, spread over a second.
    mutating func wakeAll(now: UInt64, _ random: inout some RandomNumberGenerator) {
        for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
            guard case .sleeping(let until, let notBefore) = entry.phase else { continue }
            let soon = now + UInt64.random(in: 0...1_000_000_000, using: &random)
            if soon < until { sleep(key, until: max(notBefore, soon), notBefore: notBefore) }
        }
    }

    private mutating func sleep(_ key: Key, until: UInt64, notBefore: UInt64) {
        entries[key]?.phase = .sleeping(until: until, notBefore: notBefore)
        alarms.insert(Alarm(at: until, key: key))
    }

    private mutating func requeueFirst(_ key: Key) {
        entries[key]?.phase = .waiting
        entries[key]?.course.tries = 0
        waiting.prepend(key)
    }

    private mutating func close(_ key: Key, _ reference: String?) {
        guard let entry = entries.removeValue(forKey: key), entry.course.isDoubtful, let reference else { return }
        doubtful.append(reference)
    }
}
