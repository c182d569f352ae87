/// Why the line changed nothing.
public enum LineRefusal: Error, Hashable, Sendable {
    /// The sale can't be joined now: it hasn't opened, or it is over.
    case closed
    /// Everything is sold, for now.
    case soldOut
    /// It is not this place's turn. `position` is its distance from the last called number, nil before the draw;
    /// `etaSeconds` is an estimate.
    case notAdmitted(position: UInt32?, etaSeconds: Int)
    /// The place's pass has ended, or the place isn't the buyer's.
    case placeSpent
    /// The pass has ended, or isn't the buyer's.
    case passEnded
    /// The line accepts no more people.
    case full
    /// The sale has opened, so its opening can't be moved.
    case hasOpened
    /// The lobby would open after the sale, or the sale would end before it opens.
    case outOfOrder
}
