import DequeModule
import HeapModule
import OnsaleSale

/// What each order's payment asks for, and when the provider is asked: one call at a time for each order, so many in all,
/// and again later what brought no answer.
///
/// What an order asks for comes from the journal alone (``set(_:for:)``); a call's end says only when to try again, if the
/// order still asks for the same then. So it is all the same which of the two is told first.
///
/// Pure: times are nanoseconds of any clock that never goes back, and what is to be done is given back as actions.
struct PaymentQueue: Sendable {
    /// Calls to the provider under way at a time.
    static let callsMax = 256
    /// The same while it is not known yet whether the provider is really back.
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
        /// Ask the provider now.
        case call(Call)
        /// Nothing is asked for any more, but a call was repeated, so there may be a second payment.
        case lookForStrays(reference: String)
    }

    /// How long to wait before the same is asked again.
    struct Pause: Sendable {
        let milliseconds: Int
        /// Whether the provider itself has asked for patience.
        var isTold = false
    }

    private enum Phase {
        /// For a call to be free.
        case waiting
        case calling
        case sleeping(until: UInt64, notBefore: UInt64)
    }

    private struct Entry {
        /// What the order asks for; nil when it asks for nothing any more and a call is still under way.
        var task: PaymentTask?
        var course: PaymentCourse
        var phase: Phase
    }

    /// Compared by when it is due, then by key, so that the order never depends on a dictionary's.
    private struct Alarm: Comparable {
        let at: UInt64
        let key: Key

        static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.key) < (right.at, right.key) }
    }

    var gate = ProviderGate()
    private(set) var running = 0
    private(set) var isStopping = false
    private var entries: [Key: Entry] = [:]
    /// Those in phase `waiting`, and some that were.
    private var waiting = Deque<Key>()
    /// Those in phase `sleeping`, and some that were.
    private var alarms = Heap<Alarm>()
    private var doubtful: [String] = []

    // MARK: What is asked for

    /// What the order asks for now, as the journal says; nil for nothing. Another step than before is taken at once, ahead
    /// of orders that have just been placed.
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
            if task.kind != entry.task?.kind { goOn(key) }
        case (.waiting, nil), (.sleeping, nil): close(key, entry.task?.payment.reference)
        }
    }

    /// What may be old news: it must not replace what is newer.
    mutating func remind(of task: PaymentTask) {
        let key = Key(task)
        if entries[key] == nil { set(task, for: key) }
    }

    /// Has a sleeping order tried at once. Where a call is under way it leads on by itself, and where the provider has asked
    /// for patience the order is left alone.
    /// - Returns: whether the order asks for anything, as far as is known here.
    @discardableResult
    mutating func hasten(_ key: Key, now: UInt64) -> Bool {
        switch entries[key]?.phase {
        case nil: return false
        case .sleeping(_, let notBefore) where notBefore <= now:
            entries[key]?.phase = .waiting
            waiting.append(key)
        default: break
        }
        return true
    }

    /// The event is not to be had any more: nothing more is begun for its orders.
    mutating func leave(_ event: String) {
        for (key, entry) in entries where key.event == event {
            if case .calling = entry.phase { entries[key]?.task = nil } else { entries[key] = nil }
        }
    }

    /// No new call is begun; those under way may end.
    mutating func stop() {
        isStopping = true
        waiting.removeAll()
        alarms = Heap()
    }

    // MARK: What is to be done

    /// What is to be done now; no call while the provider is away.
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

    /// A call has come to its end. If its order still asks for the same, that is asked again after the pause.
    mutating func finish(_ call: Call, _ pause: Pause, now: UInt64) {
        let key = Key(call.task)
        running -= 1
        guard entries[key] != nil else { return }
        entries[key]?.course = call.course
        guard !isStopping, let task = entries[key]?.task else { return close(key, call.task.payment.reference) }
        guard task.kind == call.task.kind else { return goOn(key) }
        let until = now + UInt64(max(0, pause.milliseconds)) * 1_000_000
        sleep(key, until: until, notBefore: pause.isTold ? until : 0)
    }

    /// Whether anybody waits for a time to come.
    var hasSleepers: Bool { !alarms.isEmpty && !isStopping }

    /// The provider is back: everything that waited goes on within a second.
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

    private mutating func goOn(_ key: Key) {
        entries[key]?.phase = .waiting
        entries[key]?.course.tries = 0
        waiting.prepend(key)
    }

    private mutating func close(_ key: Key, _ reference: String?) {
        guard let entry = entries.removeValue(forKey: key), entry.course.isDoubtful, let reference else { return }
        doubtful.append(reference)
    }
}
