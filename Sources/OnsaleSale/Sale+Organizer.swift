import OnsaleValues

extension Sale {
    mutating func block(
        _ wanted: [SeatIndex], reason: String?, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) {
        let states = wanted.map { seats.state($0.offset) }
        let taken = zip(wanted, states).filter { $0.1 != .free && $0.1 != .blocked }.map(\.0)
        guard taken.isEmpty else { throw .seatsUnavailable(taken) }
        let fresh = zip(wanted, states).filter { $0.1 == .free }.map(\.0)
        if !fresh.isEmpty { record(SaleFact.Blocked(seats: fresh, reason: reason), at: now, facts: &facts) }
    }

    mutating func unblock(_ wanted: [SeatIndex], now: Timestamp, facts: inout [SaleFact]) {
        let blocked = wanted.filter { seats.state($0.offset) == .blocked }
        if !blocked.isEmpty { record(SaleFact.Unblocked(seats: blocked), at: now, facts: &facts) }
    }

    mutating func change(_ change: ChangeTerms, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) {
        let changed = change.applied(to: terms.current)
        guard changed != terms.current else { return }
        guard SaleTerms.areCountable(changed.prices, seats: plan.seats, areas: plan.areas) else {
            throw .takingsTooLarge
        }
        guard terms.canChange(from: lastHold + 1) else { throw .termsChangedTooOften }
        record(SaleFact.TermsChanged(terms: changed), at: now, facts: &facts)
    }

    mutating func checkIn(
        _ id: TicketID, by name: String?, now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> (ticket: Ticket, places: Places) {
        guard let ticket = ticket(id), let order = order(ticket.order) else { throw .notFound }
        if ticket.isVoid { throw .ticketVoid }
        if let at = ticket.checkedInAt { throw .alreadyCheckedIn(at: at, by: checkedInBy(ticket)) }
        record(SaleFact.CheckedIn(ticket: id, by: name), at: now, facts: &facts)
        return (tickets[Int(id.serial) - 1], order.places)
    }
}
