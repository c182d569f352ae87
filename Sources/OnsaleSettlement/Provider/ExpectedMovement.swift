public import OnsaleValues

/// What should be on the provider's list, by our book.
public struct ExpectedMovement: Hashable, Sendable {
    /// The message that it goes back to.
    public let identity: String
    public let order: String
    public let payment: String?
    public let kind: MovementKind
    /// In minor units, negative for what leaves us.
    public let amount: Int64
    public let currency: String
    public let at: Timestamp
    public let day: SettlementDay

    public init(
        identity: String, order: String, payment: String?, kind: MovementKind, amount: Int64, currency: String,
        at: Timestamp, day: SettlementDay
    ) {
        self.identity = identity
        self.order = order
        self.payment = payment
        self.kind = kind
        self.amount = amount
        self.currency = currency
        self.at = at
        self.day = day
    }
}

extension OrderAccount {
    /// What the provider should list for this order, the oldest first.
    public var movements: [ExpectedMovement] {
        var movements: [ExpectedMovement] = []
        func add(_ kind: MovementKind, _ amount: Int64, _ state: OrderState) {
            movements.append(
                ExpectedMovement(
                    identity: state.identity, order: order, payment: payment, kind: kind, amount: amount,
                    currency: currency, at: state.at, day: state.day))
        }
        if let first = states.first, amount > 0 { add(.charge, amount, first) }
        var (refunded, disputed): (Int64, Int64) = (0, 0)
        for state in states {
            if state.refunded != refunded {
                add(state.refunded > refunded ? .refund : .refundReversal, refunded - state.refunded, state)
            }
            if state.disputed != disputed {
                add(state.disputed > disputed ? .dispute : .disputeReversal, disputed - state.disputed, state)
            }
            (refunded, disputed) = (state.refunded, state.disputed)
        }
        return movements
    }
}
