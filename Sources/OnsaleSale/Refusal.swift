public import OnsaleValues

/// Why a command changed nothing. The person who gets one can act on each.
public enum Refusal: Error, Hashable, Sendable {
    /// These seats aren't free. Empty if the area or category has too few free places.
    case seatsUnavailable([SeatIndex])
    /// The hold would leave these seats single.
    case orphanSeat([SeatIndex])
    /// The hold would exceed the buyer's limit; `current` is what the buyer already has.
    case purchaseLimit(limit: Int, current: Int)
    /// The same key was used before with a different request.
    case idempotencyConflict
    /// The ticket was already used at this moment.
    case alreadyCheckedIn(at: Timestamp, by: String?)
    /// The ticket's order was cancelled, refunded or disputed.
    case ticketVoid
    /// The order isn't confirmed, or one of its tickets has been used.
    case notCancellable
    /// The sale hasn't opened, is paused, or is over.
    case onsaleClosed
    /// Nothing is free or held in the whole event.
    case soldOut
    /// The buyer has no live pass.
    case notAdmitted
    /// The hold has ended: expired, released or paid.
    case holdExpired
    /// This order is paying for the hold.
    case holdOrdered(OrderID)
    /// There is no such hold, order or ticket, or it belongs to another buyer.
    case notFound
    /// The event can't remember more idempotency keys now; retry later.
    case overloaded
    /// All places at these prices come to more than ``SaleTerms/takingsMax``.
    case takingsTooLarge
    /// The event can't remember more prices and limits that holds were made under.
    case termsChangedTooOften
    /// The buyer has used all idempotency keys allowed within a day.
    case tooManyKeys
}
