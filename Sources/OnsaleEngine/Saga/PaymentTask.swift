import OnsaleCorrelation
public import OnsaleSale
public import OnsaleValues
import Tracing

/// Something to ask the provider, according to the facts on disk.
public struct PaymentTask: Sendable {
    public enum Kind: Hashable, Sendable {
        case authorize
        case capture
        case void
        case refund
        /// Release or refund a second payment of the order.
        case returnStray(intent: String)
    }

    public let event: String
    public let order: OrderID
    let buyer: BuyerID
    let hold: HoldID
    public let kind: Kind
    public let payment: PaymentOrder
    /// The provider's intent, if known.
    public let intent: String?
    /// What a refund must have given back in all, in minor units: everything, unless the order stays confirmed.
    public let due: Int64
    public let placedAt: Timestamp
    /// When the order ended, if it has.
    public let endedAt: Timestamp?
    /// The epoch under which it was found; under another, nothing that comes of it counts.
    let epoch: UInt64
    /// Whether an earlier process may have begun it.
    var isResumed = false

    /// What the order still needs from the provider; nil if nothing.
    public init?(_ order: Order, in definition: EventDefinition, epoch: UInt64 = 0) {
        guard let duty = order.duty else { return nil }
        let kind: Kind =
            switch duty {
            case .authorize: .authorize
            case .capture: .capture
            case .void: .void
            case .refund: .refund
            }
        self.init(order, kind: kind, in: definition, epoch: epoch)
    }

    init(_ order: Order, kind: Kind, in definition: EventDefinition, epoch: UInt64) {
        self.epoch = epoch
        event = definition.id
        self.order = order.id
        buyer = order.buyer
        hold = order.hold
        self.kind = kind
        payment = PaymentOrder(
            reference: PublicID(.order, at: order.placedAt, serial: order.id.serial, tag: definition.tag).text,
            amount: order.amount, currency: definition.currency, paymentMethod: order.paymentMethod,
            trace: order.trace, event: definition.id)
        intent = order.intent
        due = order.state == .confirmed ? order.partReturn?.asked ?? 0 : order.captured
        placedAt = order.placedAt
        endedAt = order.endedAt
    }

    /// Whether the order has ended without our knowing of a payment, so one must be searched for.
    var isLookingForUnknown: Bool { kind == .void && intent == nil }

    /// What each order and second payment in these facts needs now; nil for nothing.
    static func news(of facts: [Fact], in partition: borrowing Partition) -> [(PaymentQueue.Key, PaymentTask?)] {
        let event = partition.definition.id
        let epoch = partition.epoch
        var news: [(PaymentQueue.Key, PaymentTask?)] = []
        for case .sale(let fact) in facts {
            guard let id = fact.order, let order = partition.sale.order(id) else { continue }
            switch fact {
            case .strayFound(let found):
                let task = PaymentTask(
                    order, kind: .returnStray(intent: found.intent), in: partition.definition, epoch: epoch)
                news.append((PaymentQueue.Key(task), task))
            case .strayReturned(let returned):
                news.append((PaymentQueue.Key(event: event, order: id, stray: returned.intent), nil))
            default:
                let task = PaymentTask(order, in: partition.definition, epoch: epoch)
                news.append((PaymentQueue.Key(event: event, order: id), task))
            }
        }
        return news
    }

    /// Every open task of an event.
    public static func all(in partition: borrowing Partition) -> [PaymentTask] {
        open(in: partition, after: 0, atMost: .max)
    }

    /// At most `max` open tasks of orders after `serial`, and at most `max` second payments.
    static func open(in partition: borrowing Partition, after serial: UInt32, atMost max: Int) -> [PaymentTask] {
        let sale = partition.sale
        let epoch = partition.epoch
        let orders = sale.openOrders.serials(after: serial, atMost: max).compactMap { serial in
            sale.order(OrderID(serial)).flatMap { PaymentTask($0, in: partition.definition, epoch: epoch) }
        }
        let strays = sale.strays.values.prefix(max).sorted { $0.intent < $1.intent }.compactMap { stray in
            sale.order(stray.order).map {
                PaymentTask($0, kind: .returnStray(intent: stray.intent), in: partition.definition, epoch: epoch)
            }
        }
        return strays + orders
    }
}

extension PaymentTask {
    /// The context of work on this task: the order's trace, which was journaled with it, and the order's labels.
    /// - Parameter requestID: of the request that placed the order, where known.
    func context(requestID: String?) -> InstrumentationContext {
        var context = InstrumentationContext.topLevel
        context.traceContext = payment.trace.flatMap { TraceContext(traceparent: $0) }
        context.correlation = Correlation(
            .init(requestID: requestID, event: event, buyer: buyer.text, order: payment.reference))
        return context
    }
}
