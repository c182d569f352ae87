import DequeModule
import HeapModule
public import OnsaleValues

/// Decides when which organizer is asked about which order, and what comes of it.
///
/// An order is due, under way, or waiting to be asked about once more; a decision ends all of that. It isn't known here
/// any more afterward, so whoever opens an order must know whether it was decided (the store does).
public struct EligibilityDesk: Sendable {
    /// A call to make now. Tell ``answered(_:_:at:)`` what came of it, whatever it was.
    public struct Call: Hashable, Sendable {
        public let ask: EligibilityAsk
        /// From 1 on.
        public let attempt: Int
        public let timeoutMilliseconds: Int64
    }

    /// An order that is not decided on.
    private struct Case {
        let ask: EligibilityAsk
        /// How many calls were made.
        var attempts: Int
        /// When the next one is due; nil while it is due or under way.
        var dueAt: Timestamp?
    }

    /// A call that nobody has told the end of.
    private struct UnderWay {
        let attempt: Int
        let endpoint: String
        let lostAt: Timestamp
    }

    /// Something to look at later. It may have become pointless since.
    private struct Alarm: Comparable {
        let at: Timestamp
        let order: String

        static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.order) < (right.at, right.order) }
    }

    /// A call whose caller says nothing for so long after its time is up counts as failed.
    private static let graceMilliseconds: Int64 = 5000

    public let settings: EligibilitySettings
    private var cases: [String: Case] = [:]
    private var underWay: [String: UnderWay] = [:]
    private var retries = Heap<Alarm>()
    private var deadlines = Heap<Alarm>()
    private var losses = Heap<Alarm>()
    /// Orders that are due, by endpoint, and the endpoints that have such, whose turn it is first.
    private var due: [String: Deque<String>] = [:]
    private var turns: Deque<String> = []
    private var callsByEndpoint: [String: Int] = [:]

    public init(_ settings: EligibilitySettings = EligibilitySettings()) { self.settings = settings }

    /// How many orders are open.
    public var count: Int { cases.count }
    /// The orders that are open.
    var orders: Set<String> { Set(cases.keys) }
    public var hasRoom: Bool { cases.count < settings.openMax }
    /// How many calls are under way.
    public var callCount: Int { underWay.count }

    /// Takes an order; one that is here already stays as it is.
    /// - Parameter attempts: how many calls were made before a restart.
    /// - Returns: false if there is no room now.
    public mutating func open(_ ask: EligibilityAsk, attempts: Int = 0) -> Bool {
        guard cases[ask.order] == nil else { return true }
        guard hasRoom else { return false }
        cases[ask.order] = Case(ask: ask, attempts: max(0, attempts))
        deadlines.insert(Alarm(at: ask.deadline, order: ask.order))
        // What was under way when it was withdrawn and opened again is waited for.
        if underWay[ask.order] == nil { enqueue(ask) }
        return true
    }

    /// Forgets an order that nobody needs an answer about any more.
    public mutating func withdraw(_ order: String) {
        cases[order] = nil
        tidy()
    }

    /// The calls to make now. They count as under way from here on.
    public mutating func calls(at now: Timestamp) -> [Call] {
        while let alarm = losses.min, alarm.at <= now {
            losses.removeMin()
            if let lost = underWay[alarm.order], lost.lostAt <= now { end(alarm.order, lost, at: now) }
        }
        while let alarm = retries.min, alarm.at <= now {
            retries.removeMin()
            guard let open = cases[alarm.order], open.dueAt == alarm.at else { continue }
            cases[alarm.order]?.dueAt = nil
            enqueue(open.ask)
        }
        var calls: [Call] = []
        for _ in 0..<turns.count {
            guard underWay.count < settings.callsMax, let endpoint = turns.popFirst() else { break }
            while underWay.count < settings.callsMax,
                callsByEndpoint[endpoint, default: 0] < settings.callsPerEndpointMax,
                let order = due[endpoint]?.popFirst()
            {
                if let call = begin(order, endpoint, at: now) { calls.append(call) }
            }
            if due[endpoint]?.isEmpty ?? true {
                due[endpoint] = nil
            } else if callsByEndpoint[endpoint, default: 0] < settings.callsPerEndpointMax {
                // It has not had its share only because all calls are taken.
                turns.prepend(endpoint)
            } else {
                turns.append(endpoint)
            }
        }
        return calls
    }

    /// Takes what came of a call: nil if nothing did.
    /// - Returns: the decision, if this is an answer, in time, about an order that is still open.
    public mutating func answered(_ call: Call, _ answer: EligibilityAnswer?, at now: Timestamp) -> EligibilityDecision?
    {
        let order = call.ask.order
        guard let current = underWay[order], current.attempt == call.attempt else { return nil }
        guard let answer, let open = cases[order], now < open.ask.deadline else {
            end(order, current, at: now)
            return nil
        }
        release(order, current)
        cases[order] = nil
        tidy()
        return EligibilityDecision(
            ask: open.ask, outcome: answer.isEligible ? .granted : .refused, reason: answer.reason, at: now)
    }

    /// What has to be decided because nobody answered in time.
    public mutating func overdue(at now: Timestamp) -> [EligibilityDecision] {
        var decisions: [EligibilityDecision] = []
        while let alarm = deadlines.min, alarm.at <= now {
            deadlines.removeMin()
            guard let open = cases[alarm.order], open.ask.deadline == alarm.at else { continue }
            cases[alarm.order] = nil
            decisions.append(
                EligibilityDecision(
                    ask: open.ask, outcome: settings.unanswered == .grant ? .granted : .refused,
                    reason: EligibilityDecision.unanswered, at: now))
        }
        tidy()
        return decisions
    }

    /// When to look again, if nothing happens before; nil if nothing is open.
    public var nextMoment: Timestamp? {
        [retries.min?.at, deadlines.min?.at, losses.min?.at].compactMap { $0 }.min()
    }

    /// How much there is to look at later, pointless or not.
    var alarmCount: Int { retries.count + deadlines.count + losses.count }

    // MARK: One order

    private mutating func enqueue(_ ask: EligibilityAsk) {
        let endpoint = ask.endpoint
        if due[endpoint] == nil { turns.append(endpoint) }
        due[endpoint, default: []].append(ask.order)
    }

    private mutating func begin(_ order: String, _ endpoint: String, at now: Timestamp) -> Call? {
        guard let open = cases[order], open.dueAt == nil, underWay[order] == nil, now < open.ask.deadline else {
            return nil
        }
        let attempt = open.attempts + 1
        let timeout = min(settings.callMilliseconds, open.ask.deadline.milliseconds - now.milliseconds)
        let lostAt = Timestamp(milliseconds: now.milliseconds + timeout + EligibilityDesk.graceMilliseconds)
        cases[order]?.attempts = attempt
        underWay[order] = UnderWay(attempt: attempt, endpoint: endpoint, lostAt: lostAt)
        callsByEndpoint[endpoint, default: 0] += 1
        losses.insert(Alarm(at: lostAt, order: order))
        return Call(ask: open.ask, attempt: attempt, timeoutMilliseconds: timeout)
    }

    /// A call came to nothing: the next one is made later, unless the deadline comes first.
    private mutating func end(_ order: String, _ current: UnderWay, at now: Timestamp) {
        release(order, current)
        guard let open = cases[order] else { return }
        let pause = settings.pauseMilliseconds(after: open.attempts)
        let dueAt = Timestamp(milliseconds: now.milliseconds + pause)
        cases[order]?.dueAt = dueAt
        if dueAt < open.ask.deadline { retries.insert(Alarm(at: dueAt, order: order)) }
    }

    private mutating func release(_ order: String, _ current: UnderWay) {
        underWay[order] = nil
        let left = callsByEndpoint[current.endpoint, default: 1] - 1
        callsByEndpoint[current.endpoint] = left > 0 ? left : nil
    }

    /// Drops alarms that have become pointless before they are many.
    private mutating func tidy() {
        let limit = 2 * (cases.count + underWay.count) + 1024
        if deadlines.count > limit {
            deadlines = Heap(cases.values.map { Alarm(at: $0.ask.deadline, order: $0.ask.order) })
        }
        if retries.count > limit {
            retries = Heap(cases.values.compactMap { open in open.dueAt.map { Alarm(at: $0, order: open.ask.order) } })
        }
        if losses.count > limit { losses = Heap(underWay.map { Alarm(at: $1.lostAt, order: $0) }) }
    }
}
