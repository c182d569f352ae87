/// Why the line changed nothing.
public enum LineRefusal: Error, Hashable, Sendable {
    case closed
    /// Everything is sold, for now.
    case soldOut
    /// It is not this place's turn. `position` is its distance from the last called number, nil before the draw;
    /// `etaSeconds` is an estimate.
    case notAdmitted(position: UInt32?, etaSeconds: Int)
    case placeSpent
    case passEnded
    /// The line accepts no more people.
    case full
    /// The sale has opened, so its opening can't be moved.
    case hasOpened
    /// The lobby would open after the sale, or the sale would end before it opens.
    case outOfOrder
}
