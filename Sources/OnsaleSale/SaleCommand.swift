public import OnsaleValues

/// A request to a sale, with the type of its answer. Time passes separately, through ``Sale/advance(to:facts:)``.
public protocol SaleCommand: Sendable {
    associatedtype Answer: Sendable

    /// Decides the command. Call it through ``Sale/apply(_:now:facts:)``.
    /// - Returns: the reply, to be sent once the facts are on disk.
    /// - Throws: why nothing changed.
    func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) -> Answer
}

extension Sale {
    /// Decides a command. Call ``advance(to:facts:)`` with the same `now` first.
    @inlinable
    public mutating func apply<Command: SaleCommand>(
        _ command: Command, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> Command.Answer {
        forgetBuyersLeftOff()
        return try command.decide(in: &self, now: now, facts: &facts)
    }
}

// MARK: Holds

/// Reserve places for a buyer. The caller ensures that quantities are at least 1 and seats distinct.
public struct HoldPlaces: SaleCommand, Hashable {
    public let selection: Selection
    public let buyer: BuyerID
    public let pass: PassID
    public let key: IdempotencyKey?

    public init(_ selection: Selection, buyer: BuyerID, pass: PassID, key: IdempotencyKey?) {
        self.selection = selection
        self.buyer = buyer
        self.pass = pass
        self.key = key
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) -> Hold {
        try sale.hold(selection, buyer: buyer, pass: pass, key: key, now: now, facts: &facts)
    }
}

/// Give a hold back.
public struct ReleaseHold: SaleCommand, Hashable {
    public let hold: HoldID
    public let buyer: BuyerID

    public init(_ hold: HoldID, buyer: BuyerID) {
        self.hold = hold
        self.buyer = buyer
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) {
        try sale.release(hold, buyer: buyer, now: now, facts: &facts)
    }
}

// MARK: Orders

/// Pay for a hold.
public struct PlaceOrder: SaleCommand, Hashable {
    public let hold: HoldID
    public let buyer: BuyerID
    public let paymentMethod: String
    public let trace: String?
    public let key: IdempotencyKey
    public let proof: String?

    public init(
        _ hold: HoldID, buyer: BuyerID, paymentMethod: String, trace: String?, key: IdempotencyKey, proof: String? = nil
    ) {
        self.hold = hold
        self.buyer = buyer
        self.paymentMethod = paymentMethod
        self.trace = trace
        self.key = key
        self.proof = proof
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) -> Order {
        try sale.placeOrder(
            hold, buyer: buyer, paymentMethod: paymentMethod, trace: trace, key: key, proof: proof, now: now,
            facts: &facts)
    }
}

/// Undo a confirmed order: seats become free and tickets void at once; the money follows when the provider returns it.
public struct CancelOrder: SaleCommand, Hashable {
    public let order: OrderID
    /// Nil for the organizer.
    public let buyer: BuyerID?
    public let reason: String?
    public let key: IdempotencyKey?

    public init(_ order: OrderID, buyer: BuyerID?, reason: String? = nil, key: IdempotencyKey?) {
        self.order = order
        self.buyer = buyer
        self.reason = reason
        self.key = key
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) -> Order {
        try sale.cancel(order, buyer: buyer, reason: reason, key: key, now: now, facts: &facts)
    }
}

/// Take back some of a confirmed order's tickets: they are void and their seats free at once; their money follows when
/// the provider returns it. All that it still has is the same as ``CancelOrder``.
public struct ReturnTickets: SaleCommand, Hashable {
    public let order: OrderID
    public let tickets: Set<TicketID>
    public let reason: String?
    public let key: IdempotencyKey?

    public init(_ tickets: Set<TicketID>, of order: OrderID, reason: String?, key: IdempotencyKey?) {
        self.order = order
        self.tickets = tickets
        self.reason = reason
        self.key = key
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) -> Order {
        try sale.takeBack(tickets, of: order, reason: reason, key: key, now: now, facts: &facts)
    }
}

/// Apply everything one payment-provider answer says about an order.
public struct SettlePayment: SaleCommand, Hashable {
    public let order: OrderID
    public let results: [PaymentResult]

    public init(_ order: OrderID, _ results: [PaymentResult]) {
        self.order = order
        self.results = results
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) {
        try sale.take(results, for: order, now: now, facts: &facts)
    }
}

/// One thing the payment provider says about an order's payment. Amounts are in minor units.
public enum PaymentResult: Hashable, Sendable {
    /// The payment has this intent and is undecided.
    case pending(intent: String)
    /// The payer must confirm at `url`.
    case actionRequired(intent: String, url: String)
    /// The money is reserved under this intent.
    case authorized(intent: String)
    /// The money was taken.
    case captured(intent: String, amount: Int64)
    /// The payment was refused, and nothing is reserved.
    case declined(code: String)
    /// Amount, currency or order differ from ours. If `intent` is ours to undo, it must be undone.
    case mismatched(intent: String?)
    /// The money is still reserved but can't be captured.
    case captureRefused(code: String)
    /// Nothing is reserved, or never was.
    case voided
    /// The total refunded so far, whether we asked for it or not.
    case refunded(total: Int64)
    /// The payer disputes the payment, or no longer does.
    case disputed(Bool)
    /// A second intent for the same order (`captured` is 0 if only reserved).
    case stray(intent: String, captured: Int64)
    /// A stray's money was refunded, or its reservation released.
    case strayReturned(intent: String)
}

// MARK: The organizer and the door

/// Block free seats, all or none. Seats already blocked stay blocked, for the reason that they were blocked for.
public struct BlockSeats: SaleCommand, Hashable {
    public let seats: [SeatIndex]
    public let reason: String?

    public init(_ seats: [SeatIndex], reason: String? = nil) {
        self.seats = seats
        self.reason = reason
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) {
        try sale.block(seats, reason: reason, now: now, facts: &facts)
    }
}

/// Return blocked seats to the sale. Seats that aren't blocked are ignored.
public struct UnblockSeats: SaleCommand, Hashable {
    public let seats: [SeatIndex]

    public init(_ seats: [SeatIndex]) {
        self.seats = seats
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) {
        sale.unblock(seats, now: now, facts: &facts)
    }
}

/// Change prices and limits for the holds that follow; those there are, and the orders on them, keep theirs. What is nil
/// stays as it is. The caller ensures that amounts and limits are possible ones.
public struct ChangeTerms: SaleCommand, Hashable {
    /// By category; one that isn't there keeps its price.
    public let prices: [Int: Int64]
    public let ticketsPerBuyer: Int?
    public let holdSeconds: Int?
    public let preventOrphans: Bool?

    public init(
        prices: [Int: Int64] = [:], ticketsPerBuyer: Int? = nil, holdSeconds: Int? = nil, preventOrphans: Bool? = nil
    ) {
        self.prices = prices
        self.ticketsPerBuyer = ticketsPerBuyer
        self.holdSeconds = holdSeconds
        self.preventOrphans = preventOrphans
    }

    func applied(to terms: SaleTerms) -> SaleTerms {
        SaleTerms(
            prices: terms.prices.enumerated().map { prices[$0] ?? $1 },
            ticketsPerBuyer: ticketsPerBuyer ?? terms.ticketsPerBuyer, holdSeconds: holdSeconds ?? terms.holdSeconds,
            preventOrphans: preventOrphans ?? terms.preventOrphans)
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) {
        try sale.change(self, now: now, facts: &facts)
    }
}

/// Admit a ticket holder at the door.
public struct CheckIn: SaleCommand, Hashable {
    public let ticket: TicketID
    /// Who lets them in.
    public let name: String?

    public init(_ ticket: TicketID, by name: String? = nil) {
        self.ticket = ticket
        self.name = name
    }

    public func decide(
        in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> (ticket: Ticket, places: Places) {
        try sale.checkIn(ticket, by: name, now: now, facts: &facts)
    }
}
