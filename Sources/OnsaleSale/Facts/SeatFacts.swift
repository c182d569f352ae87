public import OnsaleValues

extension SaleFact {
    /// Kept back from sale by the organizer.
    public struct Blocked: SaleFactBody {
        public static let tag: UInt8 = 16
        public let seats: [SeatIndex]
        /// In the organizer's words.
        public let reason: String?

        public var fact: SaleFact { .blocked(self) }

        public init(seats: [SeatIndex], reason: String? = nil) {
            self.seats = seats
            self.reason = reason
        }
    }

    public struct Unblocked: SaleFactBody {
        public static let tag: UInt8 = 17
        public let seats: [SeatIndex]

        public var fact: SaleFact { .unblocked(self) }
    }

    public struct CheckedIn: SaleFactBody {
        public static let tag: UInt8 = 18
        public let ticket: TicketID
        /// Whoever let its holder in: a door's device, or somebody of the staff; nil if nobody said.
        public let by: String?

        public var fact: SaleFact { .checkedIn(self) }
    }
}

extension SaleFact.Blocked {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        seats = try reader.seats()
        reason = reader.form < 6 ? nil : try reader.optionalString()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(seats: seats)
        writer.write(optional: reason) { $0.write(string: $1) }
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.setSeats(seats, from: .free, to: .blocked, claim: 0)
        for seat in seats { sale.blocks[seat] = SeatBlock(reason: reason, since: now) }
    }
}

extension SaleFact.Unblocked {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        seats = try reader.seats()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(seats: seats)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        try sale.setSeats(seats, from: .blocked, to: .free, claim: 0)
        for seat in seats { sale.blocks[seat] = nil }
    }
}

extension SaleFact.CheckedIn {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        ticket = try reader.id()
        by = reader.form < 7 ? nil : try reader.optionalString()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(ticket)
        writer.write(optional: by) { $0.write(string: $1) }
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard let known = sale.ticket(ticket), !known.isVoid, known.checkedInAt == nil else {
            throw ContradictoryFact("ticket \(ticket.serial) cannot be checked in")
        }
        let number = by.flatMap { sale.doors.number(of: $0) }
        sale.tickets[Int(ticket.serial) - 1].checkIn = Ticket.CheckIn(at: now, door: number)
    }
}
