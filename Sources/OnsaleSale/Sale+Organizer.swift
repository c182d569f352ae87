import OnsaleValues

extension Sale {
    mutating func block(_ wanted: [UInt32], now: Timestamp, facts: inout [SaleFact]) throws(Refusal) {
        let states = wanted.map { seats.state(Int($0)) }
        let taken = zip(wanted, states).filter { $0.1 != SeatState.free && $0.1 != SeatState.blocked }.map(\.0)
        guard taken.isEmpty else { throw .seatsUnavailable(taken) }
        let fresh = zip(wanted, states).filter { $0.1 == SeatState.free }.map(\.0)
        if !fresh.isEmpty { record(.blocked(fresh), at: now, facts: &facts) }
    }

    mutating func unblock(_ wanted: [UInt32], now: Timestamp, facts: inout [SaleFact]) {
        let blocked = wanted.filter { seats.state(Int($0)) == SeatState.blocked }
        if !blocked.isEmpty { record(.unblocked(blocked), at: now, facts: &facts) }
    }

    mutating func checkIn(
        _ id: TicketID, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> (ticket: Ticket, places: Places) {
        guard let ticket = ticket(id), let order = order(ticket.order) else { throw .notFound }
        if ticket.isVoid { throw .ticketVoid }
        if let at = ticket.checkedInAt { throw .alreadyCheckedIn(at: at) }
        record(.checkedIn(id), at: now, facts: &facts)
        return (tickets[Int(id.serial) - 1], order.places)
    }
}
