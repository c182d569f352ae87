import DequeModule
import OnsaleSale

/// Which orders' calls to the provider are made when: one at a time for each order, so many in all, and again later what
/// brought no answer.
///
/// Pure: times are nanoseconds of any clock that never goes back, and what is to be done is given back.
struct PaymentQueue: Sendable {
    /// Calls to the provider under way at a time.
    static let callsMax = 256
    /// The same while it is not known yet whether the provider is really back.
    static let trialCallsMax = 4
    /// While a sleeper's state is looked up it is not woken again, in nanoseconds.
    private static let lookUp: UInt64 = 2_000_000_000

    /// An order, or a second payment of one.
    struct Key: Hashable, Comparable, Sendable {
        let event: String
        let order: OrderID
        let stray: String?

        static func < (left: Key, right: Key) -> Bool {
            (left.event, left.order, left.stray ?? "") < (right.event, right.order, right.stray ?? "")
        }

        init(_ task: PaymentTask) {
            event = task.event
            order = task.order
            if case .returnStray(let intent) = task.kind { stray = intent } else { stray = nil }
        }
    }

    /// A call that is to be made now.
    struct Call: Sendable {
        let task: PaymentTask
        var course: PaymentCourse
    }

    /// What a call has come to.
    enum End: Sendable {
        /// The provider's answer is on disk.
        case done
        /// It must be asked again, after so long; `isTold` when the provider itself has asked for that.
        case again(milliseconds: Int, isTold: Bool = false)
    }

    private struct Sleeper {
        let task: PaymentTask
        var wakesAt: UInt64
        /// The provider has asked not to be asked before.
        let notBefore: UInt64
    }

    var gate = ProviderGate()
    private(set) var running = 0
    private var waiting = Deque<PaymentTask>()
    /// Orders with a call under way or waiting for it, and the task that came meanwhile.
    private var active: [Key: PaymentTask?] = [:]
    /// Orders that wait for their next try.
    private var sleeping: [Key: Sleeper] = [:]
    private var courses: [Key: PaymentCourse] = [:]
    private(set) var isStopping = false

    var hasSleepers: Bool { !sleeping.isEmpty && !isStopping }

    // MARK: What is to be done

    /// Takes a task that has just become necessary; it replaces what was known of the order.
    mutating func take(_ task: PaymentTask) {
        guard !isStopping else { return }
        let key = Key(task)
        sleeping[key] = nil
        if active[key] != nil {
            active[key] = .some(task)
        } else {
            active[key] = .some(nil)
            waiting.append(task)
        }
    }

    /// Takes a task that may be old news. Where a call for the order is under way, or its next try is set, that leads on by
    /// itself, and the old news must not replace what is newer.
    mutating func remind(of task: PaymentTask) {
        let key = Key(task)
        if active[key] == nil, sleeping[key] == nil { take(task) }
    }

    /// Has a sleeping order tried at once; where a call is under way it leads on by itself, and where the provider has asked
    /// for patience it is left alone.
    mutating func hasten(_ task: PaymentTask, now: UInt64) {
        let key = Key(task)
        if active[key] == nil, sleeping[key]?.notBefore ?? 0 <= now { take(task) }
    }

    // MARK: Calls

    /// The calls to be made now: none while the provider is away.
    mutating func calls() -> [Call] {
        var calls: [Call] = []
        let max = gate.isOnTrial ? PaymentQueue.trialCallsMax : PaymentQueue.callsMax
        while !isStopping, gate.isOpen, running < max, let task = waiting.popFirst() {
            running += 1
            var course = courses[Key(task)] ?? PaymentCourse(isResumed: task.isResumed)
            course.tries += 1
            calls.append(Call(task: task, course: course))
        }
        return calls
    }

    /// A call has come to its end: what came meanwhile goes on at once, what brought no answer sleeps.
    /// - Returns: whether the order is through, and there may be a second payment for it.
    mutating func ended(_ call: Call, _ end: End, now: UInt64) -> Bool {
        let key = Key(call.task)
        running -= 1
        courses[key] = call.course
        if case .some(.some(let newer)) = active[key] {
            active[key] = .some(nil)
            courses[key]?.tries = 0
            waiting.prepend(newer)
            return false
        }
        active[key] = nil
        guard case .again(let milliseconds, let isTold) = end, !isStopping else {
            return courses.removeValue(forKey: key)?.isDoubtful ?? false
        }
        let wakesAt = now + UInt64(max(0, milliseconds)) * 1_000_000
        sleeping[key] = Sleeper(task: call.task, wakesAt: wakesAt, notBefore: isTold ? wakesAt : 0)
        return false
    }

    // MARK: Sleeping

    /// Those whose time has come. Each is looked up, then either taken anew or forgotten.
    mutating func due(now: UInt64) -> [PaymentTask] {
        guard gate.isOpen else { return [] }
        let due = sleeping.filter { $0.value.wakesAt <= now }.sorted {
            ($0.value.wakesAt, $0.key) < ($1.value.wakesAt, $1.key)
        }
        for (key, _) in due { sleeping[key]?.wakesAt = now + PaymentQueue.lookUp }
        return due.map(\.value.task)
    }

    /// The order's state asks for nothing any more.
    mutating func forget(_ task: PaymentTask) {
        sleeping[Key(task)] = nil
        courses[Key(task)] = nil
    }

    /// The provider is back: everything that waited goes on within a second.
    mutating func wakeAll(now: UInt64, _ random: inout some RandomNumberGenerator) {
        for (key, sleeper) in sleeping.sorted(by: { $0.key < $1.key }) {
            let soon = now + UInt64.random(in: 0...1_000_000_000, using: &random)
            sleeping[key]?.wakesAt = max(sleeper.notBefore, min(sleeper.wakesAt, soon))
        }
    }

    /// No new call is begun; those under way may end.
    mutating func stop() {
        isStopping = true
        waiting.removeAll()
        sleeping.removeAll()
    }
}
