import Logging
import OnsaleTables
import OnsaleValues
import Synchronization

/// Asks organizers about the open orders of the table, and notes what comes of it.
///
/// Orders are held for a while, so that several processes share them. A process that dies before it has noted an answer
/// asks again, with the same ID.
final class EligibilityWorker: Sendable {
    /// How often to look for orders that others have left behind.
    private static let lookMilliseconds: Int64 = 1000
    /// How long an endpoint has that could not be asked before its deadline.
    private static let graceSeconds = 10
    /// So many endpoints find room, however many orders each has.
    private static let endpointsMin = 8
    /// The most decisions of one commit.
    private static let batchMax = 256
    /// So many calls in a row that come to nothing are worth a word.
    private static let failuresMax = 20

    private struct Outcome: Sendable {
        let call: EligibilityDesk.Call
        let answer: EligibilityAnswer?
    }

    struct Standing: Sendable {
        var open = 0
        var calls = 0
        var failures = 0
        /// What came of the last call that came to nothing.
        var fault: String?
        var error: String?
    }

    private let tables: any Tables
    private let endpoint: any EligibilityEndpoint
    private let configuration: EligibilityConfiguration
    private let bell: Doorbell
    private let outbox: Doorbell
    private let logger: Logger
    /// Tells this one from all others, for ever.
    private let holder: String
    private let outcomes = Mutex<[Outcome]>([])
    private let standing = Mutex(Standing())

    /// - Parameter desk: whose tables it works from; its bells ring for both.
    init(
        _ desk: ServiceDesk, endpoint: any EligibilityEndpoint, configuration: EligibilityConfiguration, logger: Logger
    ) {
        tables = desk.tables
        bell = desk.taken
        outbox = desk.outbox
        self.endpoint = endpoint
        self.configuration = configuration
        self.logger = logger
        holder = String(UInt64.random(in: 0 ... .max), radix: 36) + String(UInt64.random(in: 0 ... .max), radix: 36)
    }

    var now: Standing { standing.withLock { $0 } }

    /// Why it doesn't get on.
    var trouble: String? {
        standing.withLock { standing in
            if let error = standing.error { return "the tables of the eligibility fail: \(error)" }
            guard standing.failures >= EligibilityWorker.failuresMax, standing.open > 0 else { return nil }
            return "the last \(standing.failures) calls to organizers' endpoints had no answer, the last one because "
                + "\(standing.fault ?? "of nothing known"); \(standing.open) orders are open"
        }
    }

    /// What is known of the orders that this process holds.
    private struct Shift {
        var desk: EligibilityDesk
        /// Decisions that aren't noted yet.
        var decisions: [EligibilityDecision] = []
        /// When to say again that this process is there, by the tables' clock.
        var renewAt: Int64 = .min
    }

    /// Works until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            var shift = Shift(desk: EligibilityDesk(configuration.settings))
            while !Task.isCancelled {
                let rings = bell.rings
                do {
                    for call in try await look(&shift) { group.addTask { await self.ask(call) } }
                    standing.withLock { $0.error = nil }
                } catch {
                    logger.warning(
                        "The tables of the eligibility fail; what is open is tried again",
                        metadata: ["error": "\(error)"])
                    standing.withLock { $0.error = "\(error)" }
                    try? await Task.sleep(for: .milliseconds(EligibilityWorker.lookMilliseconds))
                }
                try? await bell.wait(after: rings, atMost: .milliseconds(pause(shift.desk)))
            }
            group.cancelAll()
        }
        try? await tables.write { [holder] in try EligibilityStore($0).release(holder) }
    }

    private func pause(_ desk: EligibilityDesk) -> Int64 {
        let moment = desk.nextMoment.map { $0.milliseconds - configuration.now().milliseconds } ?? .max
        return max(10, min(moment, EligibilityWorker.lookMilliseconds))
    }

    /// Takes in what has come of calls, notes decisions, takes orders.
    /// - Returns: the calls to make now, each noted.
    private func look(_ shift: inout Shift) async throws -> [EligibilityDesk.Call] {
        let ended = outcomes.withLock { outcomes in
            defer { outcomes = [] }
            return outcomes
        }
        for outcome in ended {
            if let decision = shift.desk.answered(outcome.call, outcome.answer, at: configuration.now()) {
                shift.decisions.append(decision)
            }
        }
        try await claim(&shift)
        shift.decisions += shift.desk.overdue(at: configuration.now())
        while !shift.decisions.isEmpty {
            let batch = Array(shift.decisions.prefix(EligibilityWorker.batchMax))
            try await note(batch)
            shift.decisions.removeFirst(batch.count)
        }
        return try await begin(&shift)
    }

    private func claim(_ shift: inout Shift) async throws {
        let (isDue, room) = (shift.renewAt, shift.desk.settings.openMax - shift.desk.count)
        let lease = configuration.leaseMilliseconds
        let share = max(1, shift.desk.settings.openMax / EligibilityWorker.endpointsMin)
        let (now, held, open, count) = try await tables.write { [tables, holder] session in
            let store = EligibilityStore(session)
            let now = try tables.now(in: session)
            let held = now >= isDue ? try store.renew(holder, until: now + lease) : nil
            let open = try store.claim(
                holder, at: now, until: now + lease, horizon: now + 2 * lease, limit: room,
                share: share)
            return (now, held, open, try store.openCount())
        }
        if let held {
            let known = Set(shift.decisions.map(\.ask.order))
            for order in shift.desk.orders.subtracting(held) { shift.desk.withdraw(order) }
            // Ours by the table alone: an answer to a commit was lost.
            let lost = held.subtracting(shift.desk.orders).subtracting(known)
            if !lost.isEmpty {
                try await tables.write { [holder] session in
                    for order in lost { try EligibilityStore(session).release(holder, order: order) }
                }
            }
            shift.renewAt = now + lease / 3
        }
        let soon = configuration.now().adding(seconds: EligibilityWorker.graceSeconds)
        for one in open {
            // Nobody was there to ask in time, which is no answer of the endpoint's.
            let ask = one.attempts == 0 && one.ask.deadline < soon ? one.ask.due(soon) : one.ask
            _ = shift.desk.open(ask, attempts: one.attempts)
        }
        standing.withLock { $0.open = count }
    }

    private func note(_ decisions: [EligibilityDecision]) async throws {
        let said = try await tables.write { session in
            var said = 0
            for decision in decisions where try EligibilityStore(session).decide(decision) {
                try Outbox.add(try decision.event(), in: session)
                said += 1
            }
            return said
        }
        if said > 0 { outbox.ring() }
    }

    private func begin(_ shift: inout Shift) async throws -> [EligibilityDesk.Call] {
        let calls = shift.desk.calls(at: configuration.now())
        defer { standing.withLock { [calls = shift.desk.callCount] in $0.calls = calls } }
        guard !calls.isEmpty else { return [] }
        do {
            let isOurs = try await tables.write { [holder] session in
                try calls.map { try EligibilityStore(session).note($0, by: holder) }
            }
            for (call, isOurs) in zip(calls, isOurs) where !isOurs {
                _ = shift.desk.answered(call, nil, at: configuration.now())
                shift.desk.withdraw(call.ask.order)
            }
            return zip(calls, isOurs).filter(\.1).map(\.0)
        } catch {
            for call in calls { _ = shift.desk.answered(call, nil, at: configuration.now()) }
            throw error
        }
    }

    private func ask(_ call: EligibilityDesk.Call) async {
        let request = EligibilityRequest(call, secrets: configuration.secrets, at: configuration.now())
        var answer: EligibilityAnswer?
        do {
            let response = try await endpoint.post(request)
            answer = EligibilityAnswer(response)
            if answer == nil { fault("the answer, of status \(response.status), says neither yes nor no", call) }
        } catch {
            if Task.isCancelled { return }
            fault("\(error)", call)
        }
        standing.withLock { $0.failures = answer == nil ? $0.failures + 1 : 0 }
        outcomes.withLock { $0.append(Outcome(call: call, answer: answer)) }
        bell.ring()
    }

    private func fault(_ what: String, _ call: EligibilityDesk.Call) {
        standing.withLock { $0.fault = String(what.prefix(200)) }
        logger.debug(
            "An organizer's endpoint gave no answer; it is asked again until the deadline",
            metadata: [
                "order": "\(call.ask.order)", "endpoint": "\(call.ask.endpoint)", "attempt": "\(call.attempt)",
                "error": "\(what.prefix(200))",
            ])
    }
}
