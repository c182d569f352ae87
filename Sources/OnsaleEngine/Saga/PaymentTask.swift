public import OnsaleSale
public import OnsaleValues

/// Something that the provider must be asked, as the facts on disk say.
public struct PaymentTask: Sendable {
    public enum Kind: Hashable, Sendable {
        case authorize
        case capture
        case void
        case refund
        /// A second payment of the order, to be released or given back.
        case returnStray(intent: String)
    }

    public let event: String
    public let order: OrderID
    public let kind: Kind
    public let payment: PaymentOrder
    /// The provider's intent, if it is known.
    public let intent: String?
    /// What is to be given back.
    public let captured: Int64
    public let placedAt: Timestamp
    /// When the order came to its end, if it has.
    public let endedAt: Timestamp?
    /// Whether a process before this one may have begun it.
    var isResumed = false

    /// What the order still needs of the provider.
    public init?(_ order: Order, in definition: EventDefinition) {
        guard let duty = order.duty else { return nil }
        let kind: Kind =
            switch duty {
            case .authorize: .authorize
            case .capture: .capture
            case .void: .void
            case .refund: .refund
            }
        self.init(order, kind: kind, in: definition)
    }

    init(_ order: Order, kind: Kind, in definition: EventDefinition) {
        event = definition.id
        self.order = order.id
        self.kind = kind
        payment = PaymentOrder(
            reference: PublicID(.order, at: order.placedAt, serial: order.id.serial, tag: definition.tag).text,
            amount: order.amount, currency: definition.currency, paymentMethod: order.paymentMethod,
            trace: order.trace, event: definition.id)
        intent = order.intent
        captured = order.captured
        placedAt = order.placedAt
        endedAt = order.endedAt
    }

    /// Whether the order has ended, and nobody knows whether there is a payment.
    var isLookingForUnknown: Bool { kind == .void && intent == nil }

    /// What each order that these facts are about, and each second payment, asks for now; nil for nothing.
    static func news(of facts: [Fact], in partition: borrowing Partition) -> [(PaymentQueue.Key, PaymentTask?)] {
        let event = partition.definition.id
        var news: [(PaymentQueue.Key, PaymentTask?)] = []
        for case .sale(let fact) in facts {
            guard let id = fact.order, let order = partition.sale.order(id) else { continue }
            switch fact {
            case .strayFound(let found):
                let task = PaymentTask(order, kind: .returnStray(intent: found.intent), in: partition.definition)
                news.append((PaymentQueue.Key(task), task))
            case .strayReturned(let returned):
                news.append((PaymentQueue.Key(event: event, order: id, stray: returned.intent), nil))
            default:
                news.append((PaymentQueue.Key(event: event, order: id), PaymentTask(order, in: partition.definition)))
            }
        }
        return news
    }

    /// Everything that the provider must still be asked for an event, as recovery finds it.
    public static func all(in partition: borrowing Partition) -> [PaymentTask] {
        open(in: partition, after: 0, atMost: .max)
    }

    /// So many of the orders of which the provider must still be asked something, and of the second payments.
    static func open(in partition: borrowing Partition, after serial: UInt32, atMost max: Int) -> [PaymentTask] {
        let sale = partition.sale
        let orders = sale.openOrders.serials(after: serial, atMost: max).compactMap { serial in
            sale.order(OrderID(serial)).flatMap { PaymentTask($0, in: partition.definition) }
        }
        let strays = sale.strays.values.prefix(max).sorted { $0.intent < $1.intent }.compactMap { stray in
            sale.order(stray.order).map {
                PaymentTask($0, kind: .returnStray(intent: stray.intent), in: partition.definition)
            }
        }
        return strays + orders
    }
}
