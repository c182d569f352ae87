public import OnsaleValues

/// Something that has happened in a sale. Facts alone change its state, so replaying them gives the same state.
public enum SaleFact: Hashable, Sendable {
    case held(HoldID, buyer: BuyerID, pass: PassID, Places, amount: Int64, expiresAt: Timestamp, key: IdempotencyKey?)
    case holdReleased(HoldID)
    case holdExpired(HoldID)
    case orderPlaced(OrderID, HoldID, paymentMethod: String, trace: String?, key: IdempotencyKey)
    /// The money is reserved; the seats are sold from here on.
    case orderAuthorized(OrderID, intent: String)
    /// The money is taken; the tickets exist.
    case orderConfirmed(OrderID, captured: Int64)
    /// Refused for good; the seats are free. `void`: what is reserved must be released.
    case orderDeclined(OrderID, code: String, void: Bool)
    /// The provider did not answer in time; the seats are free, and its intent is to be undone.
    case orderExpired(OrderID)
    /// The intent of an order that has already ended became known.
    case intentLearned(OrderID, intent: String)
    /// Money came for an order that has already ended; it is owed back.
    case capturedLate(OrderID, intent: String, amount: Int64)
    /// Nothing is reserved any longer for an order that has ended.
    case voided(OrderID)
    case orderCancelled(OrderID, byOrganizer: Bool, key: IdempotencyKey?)
    case refunded(OrderID, amount: Int64)
    case strayFound(OrderID, intent: String, captured: Int64)
    case strayReturned(OrderID, intent: String)
    case blocked([SeatIndex])
    case unblocked([SeatIndex])
    case checkedIn(TicketID)
    /// Refused at authorization; the hold lives on, until then.
    case paymentDeclined(OrderID, code: String, void: Bool, holdUntil: Timestamp)
    /// The payer has to confirm there.
    case actionRequired(OrderID, intent: String, url: String)
    /// So much of a confirmed order has gone back in all without our asking.
    case refundedByProvider(OrderID, total: Int64)
    /// A refund that had succeeded failed after all: so much is owed again.
    case refundReversed(OrderID, amount: Int64)
    case disputed(OrderID)
    case disputeWon(OrderID)

    /// The order that this is about, if any.
    public var order: OrderID? {
        switch self {
        case .orderPlaced(let order, _, _, _, _), .orderAuthorized(let order, _), .orderConfirmed(let order, _),
            .orderDeclined(let order, _, _), .orderExpired(let order), .intentLearned(let order, _),
            .capturedLate(let order, _, _), .voided(let order), .orderCancelled(let order, _, _),
            .refunded(let order, _), .strayFound(let order, _, _), .strayReturned(let order, _),
            .paymentDeclined(let order, _, _, _), .actionRequired(let order, _, _), .refundedByProvider(let order, _),
            .refundReversed(let order, _), .disputed(let order), .disputeWon(let order):
            order
        default: nil
        }
    }
}
