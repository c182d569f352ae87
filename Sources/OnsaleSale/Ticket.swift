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

/// Who may come in, and who has.
public struct Attendance: Hashable, Sendable {
    /// Valid tickets.
    public internal(set) var tickets = 0
    public internal(set) var checkedIn = 0
}

/// The right to one seat, or to one place in an area.
public struct Ticket: Hashable, Sendable {
    /// When its holder came in, and which of the event's ``DoorNames`` let them in.
    struct CheckIn: Hashable, Sendable {
        let at: Timestamp
        let door: UInt16?
    }

    public let id: TicketID
    public let order: OrderID
    /// Which of the order's places it is for, from 0.
    public let position: Int
    public let issuedAt: Timestamp
    public internal(set) var isVoid: Bool
    var checkIn: CheckIn?

    public var checkedInAt: Timestamp? { checkIn?.at }
}
