public import OnsaleValues

/// Why a command changed nothing. Each is something that the person who meets it can act on.
public enum Refusal: Error, Hashable, Sendable {
    /// These seats are not free (empty: there are not enough of that area or category).
    case seatsUnavailable([SeatIndex])
    /// These seats would be left single.
    case orphanSeat([SeatIndex])
    /// The buyer may have so many, has so many.
    case purchaseLimit(limit: Int, current: Int)
    /// The same key came with another body before.
    case idempotencyConflict
    case alreadyCheckedIn(at: Timestamp)
    case ticketVoid
    case notCancellable
    /// The sale is not open: before, paused, or over.
    case onsaleClosed
    case soldOut
    case notAdmitted
    case placeSpent
    case holdExpired
    /// This hold is being paid, or was paid, by that order.
    case holdOrdered(OrderID)
    case notFound
    /// The event remembers as many idempotency keys as it can; again later.
    case overloaded
    /// The buyer has used as many idempotency keys as one may within a day.
    case tooManyKeys
}
