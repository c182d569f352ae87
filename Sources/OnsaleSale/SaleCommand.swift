public import OnsaleValues

/// Everything that can be asked of a sale. The clock's passing is asked separately, by ``Sale/advance(to:facts:)``.
public enum SaleCommand: Hashable, Sendable {
    /// Take places for a buyer. Quantities are at least 1 and seats distinct (the surface sees to it).
    case hold(buyer: BuyerID, pass: UInt32, Selection, key: IdempotencyKey?)
    /// Give a hold back.
    case release(HoldID, buyer: BuyerID)
    /// Give back all holds made with a pass that are not being paid.
    case releaseAll(buyer: BuyerID, pass: UInt32)
    /// Pay for a hold.
    case placeOrder(HoldID, buyer: BuyerID, paymentMethod: String, trace: String?, key: IdempotencyKey)
    /// Undo a confirmed order: seats free and tickets void at once, money back as soon as the provider can.
    /// `buyer` nil is the organizer.
    case cancel(OrderID, buyer: BuyerID?, key: IdempotencyKey?)
    /// What the payment provider said of an order, all of one answer.
    case payment(OrderID, [PaymentResult])
    /// Keep seats back from sale, or give them to it.
    case block([UInt32])
    case unblock([UInt32])
    /// Let the holder of a ticket in.
    case checkIn(ticket: UInt32)
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

/// What a command came to.
public enum SaleOutcome: Hashable, Sendable {
    case held(Hold)
    case released
    /// The order as it stands, and whether this command made it so or it was so before.
    case order(Order)
    case blocked([UInt32])
    case checkedIn(Ticket, Places)
    /// A result of the provider was taken in, or was known already.
    case noted
    case refused(Refusal)
}
