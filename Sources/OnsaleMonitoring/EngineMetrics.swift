import Foundation
import Metrics
package import OnsaleEngine
import OnsaleSale
package import OnsaleTelemetry
package import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// Counts what is committed, as a follower of the writer. What merely stands at some value (seats, the line, money) is
/// looked up in the events' views when someone asks.
package final class EngineMetrics: Follower {
    private struct State {
        var busy = BusyEvents()
        var events: [String: EventCounters] = [:]
        /// By the tag of the kind.
        var kinds: [Int: Counter] = [:]
    }

    private let state = Mutex(State())
    private let steps: [SagaStep: Counter]
    private let compensations: [SagaStep: Counter]

    package init() {
        steps = Dictionary(
            uniqueKeysWithValues: SagaStep.allCases.filter(\.isStep).map { step in
                (step, Counter(label: "onsale_saga_steps_total", dimensions: [("step", step.rawValue)]))
            })
        compensations = Dictionary(
            uniqueKeysWithValues: SagaStep.allCases.filter(\.isCompensation).map { step in
                (step, Counter(label: "onsale_compensations_total", dimensions: [("kind", step.rawValue)]))
            })
    }

    private static var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    // MARK: Follower

    package func follow(_ committed: Committed, in partition: borrowing Partition) {
        let event = committed.row.partition
        state.withLock { state in
            let counters = counters(of: event, facts: committed.facts.count, &state)
            for fact in committed.facts {
                count(fact, &state)
                switch fact {
                case .sale(let fact): count(fact, partition.sale, counters)
                case .line(let fact): counters.count(fact)
                case .created, .audited, .epochBegun, .profileChanged: break
                }
            }
        }
    }

    package func resume(_ partition: borrowing Partition, at head: JournalHead) {
        let event = partition.definition.id
        state.withLock { _ = counters(of: event, facts: 0, &$0) }
    }

    package func leave(_ event: String) {
        state.withLock { state in
            state.busy.forget(event)
            state.events.removeValue(forKey: event)?.destroy()
        }
    }

    /// The counters that an event counts with now: its own, or those of all the rest.
    private func counters(of event: String, facts: Int, _ state: inout State) -> EventCounters {
        let (label, displaced) = state.busy.note(event, facts: facts, now: EngineMetrics.seconds)
        // Its series end here. What it does from now on counts with the rest.
        if let displaced { state.events.removeValue(forKey: displaced)?.destroy() }
        if let counters = state.events[label] { return counters }
        let counters = EventCounters(label)
        state.events[label] = counters
        return counters
    }

    private func count(_ fact: Fact, _ state: inout State) {
        let tag = fact.kindTag
        if let counter = state.kinds[tag] { return counter.increment() }
        let counter = Counter(label: "onsale_facts_total", dimensions: [("kind", fact.kindName)])
        state.kinds[tag] = counter
        counter.increment()
    }

    private func count(_ fact: SaleFact, _ sale: borrowing Sale, _ counters: EventCounters) {
        let order = fact.order.flatMap { sale.order($0) }
        counters.count(fact, order)
        guard let (step, isUndoing) = SagaStep.of(fact, order) else { return }
        steps[step]?.increment()
        if isUndoing { compensations[step]?.increment() }
    }

    // MARK: When someone asks

    /// Tells the figures of all events, as their views have them.
    package func collect(_ views: [EventView], now: Timestamp, into sink: inout MetricSink) {
        let busy = state.withLock { $0.busy }
        var sums: [String: EventGauges] = [:]
        for view in views {
            let gauges = EventGauges(view)
            let label = busy.label(of: view.definition.id)
            if label == BusyEvents.rest {
                sums[label, default: EventGauges()].add(gauges)
            } else {
                sums[label] = gauges
                sink.tell("onsale_event_phase", ["event": label, "phase": view.phase(at: now).rawValue], 1)
            }
        }
        for (label, gauges) in sums { gauges.tell(event: label, into: &sink) }
        sink.tell("onsale_rule_breaches", views.count { !$0.totalsHold })
    }
}

/// A step of a payment, as the metrics name it.
private enum SagaStep: String, CaseIterable {
    case authorize
    case capture
    case void
    case refund
    case returnStray = "return_stray"
    /// Seats of an order that came to nothing are free again.
    case release

    var isStep: Bool { self != .release }
    var isCompensation: Bool { self != .authorize && self != .capture }

    /// - Returns: the step that a fact completes, and whether it undoes something.
    static func of(_ fact: SaleFact, _ order: Order?) -> (SagaStep, isUndoing: Bool)? {
        switch fact {
        case .orderAuthorized: (.authorize, false)
        case .orderConfirmed: (.capture, false)
        case .voided: (.void, true)
        // What a buyer or organizer cancelled is refunded, too, but nothing had gone wrong.
        case .refunded: (.refund, !(order?.wasCancelled ?? false))
        case .partRefunded: (.refund, false)
        case .strayReturned: (.returnStray, true)
        case .orderDeclined, .orderExpired: (.release, true)
        default: nil
        }
    }
}

extension Fact {
    /// Tells kinds apart, quickly.
    fileprivate var kindTag: Int {
        switch self {
        case .created: -1
        case .audited: -2
        case .epochBegun: -3
        case .profileChanged: -4
        case .sale(let fact): Int(fact.tag)
        case .line(let fact): Int(fact.tag)
        }
    }
}
