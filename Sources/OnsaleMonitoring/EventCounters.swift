import Metrics
import OnsaleEngine
import OnsaleSale
import OnsaleTelemetry
import OnsaleWaitingRoom

/// The counters of one event, or of all that have no label of their own.
final class EventCounters: Sendable {
    private enum HoldOutcome: String, CaseIterable {
        case made
        case ordered
        case released
        case expired
    }

    private enum CallOutcome: String, CaseIterable {
        case called
        case lapsed
        case withdrawn
    }

    private enum PassOutcome: String, CaseIterable {
        case granted
        case ended
    }

    private let holds: [HoldOutcome: Counter]
    private let orders: [OrderState: Counter]
    private let calls: [CallOutcome: Counter]
    private let passes: [PassOutcome: Counter]
    private let joins: Counter

    /// All series begin at zero, so that the first event of a kind is seen as an increase.
    init(_ event: String) {
        func counters<Key: Hashable>(
            _ name: String, _ label: String, _ keys: [Key], _ text: (Key) -> String
        ) -> [Key: Counter] {
            Dictionary(
                uniqueKeysWithValues: keys.map { key in
                    (key, Counter(label: name, dimensions: [("event", event), (label, text(key))]))
                })
        }
        holds = counters("onsale_holds_total", "outcome", HoldOutcome.allCases, \.rawValue)
        orders = counters("onsale_orders_total", "state", OrderState.allCases, \.name)
        calls = counters("onsale_calls_total", "outcome", CallOutcome.allCases, \.rawValue)
        passes = counters("onsale_passes_total", "outcome", PassOutcome.allCases, \.rawValue)
        joins = Counter(label: "onsale_joins_total", dimensions: [("event", event)])
    }

    /// Ends all series. Nobody inherits what they counted: a counter that jumps would be taken for as many sales.
    func destroy() {
        for counter in Array(holds.values) + orders.values + calls.values + passes.values + [joins] {
            counter.destroy()
        }
    }

    /// - Parameter order: the fact's order as it stands after the batch.
    func count(_ fact: SaleFact, _ order: Order?) {
        switch fact {
        case .held: holds[.made]?.increment()
        case .holdReleased: holds[.released]?.increment()
        case .holdExpired: holds[.expired]?.increment()
        case .orderPlaced:
            holds[.ordered]?.increment()
            orders[.authorizing]?.increment()
        case .actionRequired: orders[.requiresAction]?.increment()
        case .orderAuthorized: orders[.capturing]?.increment()
        case .orderConfirmed: orders[.confirmed]?.increment()
        case .paymentDeclined, .orderDeclined: orders[.declined]?.increment()
        case .orderExpired: orders[.expired]?.increment()
        case .orderCancelled: orders[.refunding]?.increment()
        case .refunded:
            if order?.wasCancelled ?? false { orders[.refunded]?.increment() }
        case .refundedByProvider(let fact):
            // A part of it leaves the order as it is.
            if fact.total == order?.captured { orders[.refunded]?.increment() }
        case .refundReversed:
            if order?.wasCancelled ?? false { orders[.refunding]?.increment() }
        case .intentLearned, .capturedLate, .voided, .strayFound, .strayReturned, .blocked, .unblocked, .checkedIn,
            .disputed, .disputeWon, .partReturned, .partRefunded, .termsChanged:
            break
        }
    }

    func count(_ fact: LineFact) {
        switch fact {
        case .joined: joins.increment()
        case .called: calls[.called]?.increment()
        case .callLapsed: calls[.lapsed]?.increment()
        case .callWithdrawn: calls[.withdrawn]?.increment()
        case .passGranted: passes[.granted]?.increment()
        case .passExpired, .passGivenUp, .passEnded: passes[.ended]?.increment()
        case .paused, .resumed, .rescheduled, .drawCommitted, .drawn, .soldOut, .seatsReturned, .moved: break
        }
    }
}

/// What an event stands at.
struct EventGauges {
    private var free = 0
    private var held = 0
    private var sold = 0
    private var blocked = 0
    private var waiting = 0
    private var activeShoppers = 0
    private var shoppersMax = 0
    private var numbersPerSecond = 0.0
    private var orders: [OrderState: Int] = [:]
    /// By currency, which may differ among the events that share a label.
    private var money: [String: (gross: Int64, refunded: Int64)] = [:]

    private static let openStates: [OrderState] = [.authorizing, .requiresAction, .capturing, .refunding]

    init() {}

    init(_ view: EventView) {
        free = view.counts.free
        held = view.counts.held
        sold = view.counts.sold
        blocked = view.counts.blocked
        waiting = view.line.waiting
        activeShoppers = view.line.activeShoppers
        shoppersMax = view.schedule.hasWaitingRoom ? view.schedule.maxActiveShoppers : 0
        numbersPerSecond = view.line.numbersPerMinute / 60
        orders = view.orders
        money = [view.definition.currency: (view.gross, view.refunded)]
    }

    mutating func add(_ other: EventGauges) {
        free += other.free
        held += other.held
        sold += other.sold
        blocked += other.blocked
        waiting += other.waiting
        activeShoppers += other.activeShoppers
        shoppersMax += other.shoppersMax
        numbersPerSecond += other.numbersPerSecond
        orders.merge(other.orders, uniquingKeysWith: +)
        money.merge(other.money) { ($0.gross &+ $1.gross, $0.refunded &+ $1.refunded) }
    }

    func tell(event: String, into sink: inout MetricSink) {
        for (state, count) in [("free", free), ("held", held), ("sold", sold), ("blocked", blocked)] {
            sink.tell("onsale_seats", ["event": event, "state": state], count)
        }
        for state in EventGauges.openStates {
            sink.tell("onsale_open_orders", ["event": event, "state": state.name], orders[state] ?? 0)
        }
        for (currency, amounts) in money {
            sink.tell("onsale_gross_minor_units", ["event": event, "currency": currency], amounts.gross)
            sink.tell("onsale_refunded_minor_units", ["event": event, "currency": currency], amounts.refunded)
        }
        sink.tell("onsale_waiting", ["event": event], waiting)
        sink.tell("onsale_active_shoppers", ["event": event], activeShoppers)
        sink.tell("onsale_shoppers_max", ["event": event], shoppersMax)
        sink.tell("onsale_line_numbers_per_second", ["event": event], numbersPerSecond)
    }
}

extension Order {
    /// Whether it bought something before its money went back. One that came to nothing stays declined or expired,
    /// whatever becomes of its money; so this holds throughout a batch if it holds after it.
    var wasCancelled: Bool { state == .refunding || state == .refunded }
}
