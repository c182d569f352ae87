public import OnsaleValues

/// Something that can be asked of a sale, with the answer that it has. The clock's passing is asked separately, by
/// ``Sale/advance(to:facts:)``.
public protocol SaleCommand: Sendable {
    associatedtype Answer: Sendable

    /// Decides on it; called through ``Sale/apply(_:now:facts:)``.
    /// - Returns: what the person who asked is to be told, once the facts are on disk.
    /// - Throws: why nothing was changed.
    func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) -> Answer
}

extension Sale {
    /// Decides on a command at a moment that ``advance(to:facts:)`` has already been told of.
    @inlinable
    public mutating func apply<Command: SaleCommand>(
        _ command: Command, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> Command.Answer {
        forgetBuyersLeftOff()
        return try command.decide(in: &self, now: now, facts: &facts)
    }
}

// MARK: Holds

/// Take places for a buyer. Quantities are at least 1 and seats distinct (the surface sees to it).
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

    public init(_ hold: HoldID, buyer: BuyerID, paymentMethod: String, trace: String?, key: IdempotencyKey) {
        self.hold = hold
        self.buyer = buyer
        self.paymentMethod = paymentMethod
        self.trace = trace
        self.key = key
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) -> Order {
        try sale.placeOrder(
            hold, buyer: buyer, paymentMethod: paymentMethod, trace: trace, key: key, now: now, facts: &facts)
    }
}

/// Undo a confirmed order: seats free and tickets void at once, money back as soon as the provider can.
public struct CancelOrder: SaleCommand, Hashable {
    public let order: OrderID
    /// Nil is the organizer.
    public let buyer: BuyerID?
    public let key: IdempotencyKey?

    public init(_ order: OrderID, buyer: BuyerID?, key: IdempotencyKey?) {
        self.order = order
        self.buyer = buyer
        self.key = key
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) -> Order {
        try sale.cancel(order, buyer: buyer, key: key, now: now, facts: &facts)
    }
}

/// Take in what the payment provider said of an order, all of one answer.
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

/// What the payment provider said of an order's payment.
public enum PaymentResult: Hashable, Sendable {
    /// It is under this intent, and not decided yet.
    case pending(intent: String)
    /// The payer has to confirm there.
    case actionRequired(intent: String, url: String)
    /// The money is reserved under this intent.
    case authorized(intent: String)
    /// The money was taken.
    case captured(intent: String, amount: Int64)
    /// The payment was refused, and nothing is reserved.
    case declined(code: String)
    /// Amount, currency or order are not ours. What is under the intent, if it is ours to undo, must be undone.
    case mismatched(intent: String?)
    /// The money stays reserved but will never be taken.
    case captureRefused(code: String)
    /// Nothing is reserved any longer, or never was.
    case voided
    /// So much has gone back by now, in all, whoever asked for it.
    case refunded(total: Int64)
    /// The payer disputes the payment, or no longer does.
    case disputed(Bool)
    /// A second intent for the same order was found (`captured` 0: only reserved).
    case stray(intent: String, captured: Int64)
    /// A stray's money went back, or its reservation was released.
    case strayReturned(intent: String)
}

// MARK: The organizer and the door

/// Keep free seats back from sale: all or none. Seats that are blocked already stay so.
public struct BlockSeats: SaleCommand, Hashable {
    public let seats: [SeatIndex]

    public init(_ seats: [SeatIndex]) {
        self.seats = seats
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) {
        try sale.block(seats, now: now, facts: &facts)
    }
}

/// Give blocked seats to the sale. Seats that are not blocked are passed over.
public struct UnblockSeats: SaleCommand, Hashable {
    public let seats: [SeatIndex]

    public init(_ seats: [SeatIndex]) {
        self.seats = seats
    }

    public func decide(in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]) {
        sale.unblock(seats, now: now, facts: &facts)
    }
}

/// Let the holder of a ticket in.
public struct CheckIn: SaleCommand, Hashable {
    public let ticket: TicketID

    public init(_ ticket: TicketID) {
        self.ticket = ticket
    }

    public func decide(
        in sale: inout Sale, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> (ticket: Ticket, places: Places) {
        try sale.checkIn(ticket, now: now, facts: &facts)
    }
}
