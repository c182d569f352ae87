/// Why the line changed nothing.
public enum LineRefusal: Error, Hashable, Sendable {
    case closed
    /// Everything is sold, for now.
    case soldOut
    /// It is not this place's turn. `position` is how many numbers come before; nil before the draw.
    case notAdmitted(position: UInt32?, etaSeconds: Int)
    case placeSpent
    case passEnded
    /// The line takes no more people.
    case full
    /// The sale has opened, so its opening can't be moved.
    case hasOpened
    /// The lobby would open after the sale, or the sale end before it opens.
    case outOfOrder
}
