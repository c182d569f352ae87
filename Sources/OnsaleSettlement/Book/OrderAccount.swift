public import OnsaleBus

/// One order's money, from its first message on.
///
/// What stands in the accounts is a function of the newest state alone, and a message posts the difference that it
/// makes. One that comes late, between two that are known, posts its own difference on its day and takes as much back
/// on the next one's: so the books are the same whatever the order in which messages come.
public struct OrderAccount: Hashable, Sendable {
    public let order: String
    public let event: String
    public let currency: String
    /// What the order cost, in minor units.
    public let amount: Int64
    /// What the organizer is charged, by the schedule that held when the order's first message came.
    public let charge: FeeCharge
    /// The provider's name of the payment, once known.
    public private(set) var payment: String?
    /// By their sequence.
    public private(set) var states: [OrderState]

    public init(
        order: String, event: String, currency: String, amount: Int64, charge: FeeCharge, payment: String? = nil,
        states: [OrderState] = []
    ) {
        self.order = order
        self.event = event
        self.currency = currency
        self.amount = amount
        self.charge = charge
        self.payment = payment
        self.states = states
    }

    /// An account without states.
    /// - Throws: ``SettlementError`` if the schedule finds the order's lines to make no sense.
    public init(_ order: OrderMessage, fees: FeeSchedule) throws(SettlementError) {
        self.init(
            order: order.order, event: order.event.id, currency: order.event.currency, amount: order.amount,
            charge: try fees.charge(for: order))
    }

    /// Takes a state of this order.
    /// - Returns: what it posts; nil if it is known already.
    /// - Throws: ``SettlementError`` if it contradicts the account, which then stays as it is.
    public mutating func take(_ state: OrderState, of message: OrderMessage) throws(SettlementError) -> Posting? {
        guard message.order == order, message.event.id == event, message.event.currency == currency,
            message.amount == amount
        else {
            throw SettlementError(.unusable, "order \(order) has another event, currency or amount than before")
        }
        let index = states.firstIndex { $0.sequence >= state.sequence } ?? states.endIndex
        let later = index < states.endIndex ? states[index] : nil
        if later?.sequence == state.sequence {
            guard later?.identity == state.identity else {
                throw SettlementError(.unusable, "order \(order) has two messages for fact \(state.sequence)")
            }
            return nil
        }
        guard states.count < Limits.statesMax else {
            throw SettlementError(.full, "order \(order) has more than \(Limits.statesMax) messages")
        }
        let before = try index > states.startIndex ? amounts(states[index - 1]) : Amounts()
        let difference = try amounts(state).minus(before)
        var entries = difference.all.map { Posting.Entry(day: state.day, slot: $0.slot, amount: $0.amount) }
        if let later {
            let back = try Amounts().minus(difference)
            entries += back.all.map { Posting.Entry(day: later.day, slot: $0.slot, amount: $0.amount) }
        }
        states.insert(state, at: index)
        payment = payment ?? message.payment
        return Posting(identity: state.identity, order: order, event: event, currency: currency, entries: entries)
    }

    /// What stands in the accounts for this order in a state.
    func amounts(_ state: OrderState) throws(SettlementError) -> Amounts {
        let gone = try state.refunded.plus(state.owed)
        var amounts = Amounts()
        try amounts.move(amount, debit: .provider, credit: .organizer, for: .sale)
        try amounts.move(gone, debit: .organizer, credit: .refunds, for: .refund)
        try amounts.move(state.refunded, debit: .refunds, credit: .provider, for: .refund)
        try amounts.move(state.disputed, debit: .disputes, credit: .provider, for: .dispute)
        guard state.isSold else { return amounts }
        let fee = try charge.amount.minus(returned(state, gone: gone))
        let rounding = fee == 0 ? 0 : charge.rounding
        try amounts.move(try fee.minus(rounding), debit: .organizer, credit: .fees, for: .fee)
        try amounts.move(rounding, debit: .organizer, credit: .rounding, for: .fee)
        return amounts
    }

    /// The fees that the organizer has back: in proportion to what went back to the buyer.
    private func returned(_ state: OrderState, gone: Int64) -> Int64 {
        if state.hasEnded { return charge.returnable }
        guard amount > 0 else { return 0 }
        return Rounding.halfEven.part(of: charge.returnable, share: gone, whole: amount)
    }
}

/// What one message changes. Its entries sum to zero, on each day and for each purpose.
public struct Posting: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public let day: SettlementDay
        public let slot: Amounts.Slot
        public let amount: Int64

        public init(day: SettlementDay, slot: Amounts.Slot, amount: Int64) {
            self.day = day
            self.slot = slot
            self.amount = amount
        }
    }

    /// The message's ``CloudEvent/identity``.
    public let identity: String
    public let order: String
    public let event: String
    public let currency: String
    public let entries: [Entry]

    /// The entries, one for each day and slot.
    /// - Throws: ``SettlementError`` of code `overflow`.
    public func merged() throws(SettlementError) -> [Entry] {
        var days: [SettlementDay: Amounts] = [:]
        for entry in entries { try days[entry.day, default: Amounts()].add(entry.amount, to: entry.slot) }
        return days.sorted { $0.key < $1.key }.flatMap { day, amounts in
            amounts.all.map { Entry(day: day, slot: $0.slot, amount: $0.amount) }
        }
    }
}
