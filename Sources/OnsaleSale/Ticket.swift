public import OnsaleValues

/// The right to one place.
public struct Ticket: Hashable, Sendable {
    /// Its number within the event: 1, 2, 3 … in the order of confirmation.
    public let serial: UInt32
    public let order: OrderID
    /// Which of the order's places it is for.
    public let position: Int
    public let issuedAt: Timestamp
    public internal(set) var isVoid: Bool
    public internal(set) var checkedInAt: Timestamp?
}
