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
    case alreadyCheckedIn(at: Timestamp)
    case ticketVoid
    case notCancellable
    /// The sale hasn't opened, is paused, or is over.
    case onsaleClosed
    case soldOut
    case notAdmitted
    case placeSpent
    case holdExpired
    /// This order is paying for the hold.
    case holdOrdered(OrderID)
    case notFound
    /// The event can't remember more idempotency keys now; retry later.
    case overloaded
    /// The buyer has used all idempotency keys allowed within a day.
    case tooManyKeys
}
