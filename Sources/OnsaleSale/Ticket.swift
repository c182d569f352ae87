public import OnsaleValues

/// A ticket's number within its event, in the order of confirmation.
@frozen
public struct TicketID: SerialNumber {
    public let serial: UInt32

    @inlinable
    public init(_ serial: UInt32) {
        self.serial = serial
    }
}

/// The right to one seat, or to one place in an area.
public struct Ticket: Hashable, Sendable {
    public let id: TicketID
    public let order: OrderID
    /// Which of the order's places it is for, from 0.
    public let position: Int
    public let issuedAt: Timestamp
    public internal(set) var isVoid: Bool
    public internal(set) var checkedInAt: Timestamp?
}
