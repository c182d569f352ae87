import OnsaleValues

extension Sale {
    /// Keeps free seats back from sale: all or none. Seats that are blocked already stay so.
    mutating func block(_ wanted: [UInt32], now: Timestamp, facts: inout [SaleFact]) -> SaleOutcome {
        let states = wanted.map { seats.state(Int($0)) }
        let taken = zip(wanted, states).filter { $0.1 != SeatState.free && $0.1 != SeatState.blocked }.map(\.0)
        guard taken.isEmpty else { return .refused(.seatsUnavailable(taken)) }
        let fresh = zip(wanted, states).filter { $0.1 == SeatState.free }.map(\.0)
        if !fresh.isEmpty { record(.blocked(fresh), at: now, facts: &facts) }
        return .blocked(wanted)
    }

    /// Gives blocked seats to the sale. Seats that are not blocked are passed over.
    mutating func unblock(_ wanted: [UInt32], now: Timestamp, facts: inout [SaleFact]) -> SaleOutcome {
        let blocked = wanted.filter { seats.state(Int($0)) == SeatState.blocked }
        if !blocked.isEmpty { record(.unblocked(blocked), at: now, facts: &facts) }
        return .blocked(blocked)
    }

    mutating func checkIn(_ serial: UInt32, now: Timestamp, facts: inout [SaleFact]) -> SaleOutcome {
        guard let ticket = ticket(serial), let order = order(ticket.order) else { return .refused(.notFound) }
        if ticket.isVoid { return .refused(.ticketVoid) }
        if let at = ticket.checkedInAt { return .refused(.alreadyCheckedIn(at: at)) }
        record(.checkedIn(ticket: serial), at: now, facts: &facts)
        return .checkedIn(tickets[Int(serial) - 1], order.places)
    }
}
