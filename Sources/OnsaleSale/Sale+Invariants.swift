public import OnsaleValues

extension Sale {
    /// Counts everything again, from the claims up, and compares.
    /// - Returns: a line for each rule that does not hold; empty when all is well.
    public func breaches() -> [Breach] {
        var breaches: [Breach] = []
        checkClaims(&breaches)
        checkMoney(&breaches)
        checkLimits(&breaches)
        return breaches
    }

    /// What can be checked at every batch, without counting again.
    public var totalsHold: Bool {
        counts.capacity == plan.capacity && ledger.sum == 0 && ledger[.refundsPayable] <= 0
            && ledger[.sales] <= 0 && ledger[.cash] == ledger.gross - ledger.refunded
    }

    /// Rule 1: a seat has at most one live claim, and the counts add up.
    private func checkClaims(_ breaches: inout [Breach]) {
        var expected = [SeatState](repeating: .free, count: seats.count)
        var expectedAreas = plan.areas.map { PlaceCounts(free: $0.capacity) }
        func claim(_ places: Places, _ state: SeatState, _ serial: UInt32, _ who: String) {
            switch places {
            case .seats(let claimed):
                for seat in claimed.map(\.offset) {
                    if expected[seat] != .free {
                        breaches.append(
                            Breach(rule: 1, "seat \(plan.seats[seat].name) is claimed twice, by \(who) too"))
                    }
                    expected[seat] = state
                    if seats.claim(seat) != serial {
                        breaches.append(Breach(rule: 1, "seat \(plan.seats[seat].name) does not know \(who)"))
                    }
                }
            case .area(let area, let quantity):
                expectedAreas[area].move(quantity, from: .free, to: state)
            }
        }
        for hold in holds.values.sorted(by: { $0.id < $1.id }) {
            claim(hold.places, .held, hold.id.serial, "hold \(hold.id.serial)")
        }
        for order in orders where order.state == .capturing || order.state == .confirmed {
            claim(order.places, .sold, order.id.serial, "order \(order.id.serial)")
        }
        var recount = PlaceCounts()
        for seat in 0..<seats.count {
            let state = seats.state(seat)
            recount[state] += 1
            let isRight = state == expected[seat] || (state == .blocked && expected[seat] == .free)
            if !isRight {
                breaches.append(Breach(rule: 1, "seat \(plan.seats[seat].name) is in a state that nothing explains"))
            }
        }
        if recount != seats.counts {
            breaches.append(Breach(rule: 1, "the seats' counts are not what a recount gives"))
        }
        for (area, counts) in areas.enumerated()
        where counts != expectedAreas[area] || counts.free < 0 || counts.capacity != plan.areas[area].capacity {
            breaches.append(Breach(rule: 1, "area \(plan.areas[area].name) has counts that nothing explains"))
        }
        if counts.capacity != plan.capacity {
            breaches.append(Breach(rule: 1, "free + held + sold + blocked is not the capacity"))
        }
    }

    /// Rule 2: money taken is in a confirmed order, or has gone back, or is on its way back.
    private func checkMoney(_ breaches: inout [Breach]) {
        var sales: Int64 = 0
        var owed: Int64 = strays.values.reduce(0) { $0 + $1.captured }
        for order in orders {
            let name = "order \(order.id.serial)"
            switch order.state {
            case .confirmed:
                sales += order.captured - order.refunded
                if order.captured != order.amount {
                    breaches.append(Breach(rule: 2, "\(name) is confirmed without its money"))
                }
                if order.tickets.count != order.places.quantity
                    || order.tickets.contains(where: {
                        ticket($0)?.order != order.id || ticket($0)?.isVoid != order.isDisputed
                    })
                {
                    breaches.append(Breach(rule: 2, "\(name) is confirmed without its tickets"))
                }
            case .refunding:
                owed += order.captured - order.refunded
                if order.duty != .refund {
                    breaches.append(Breach(rule: 2, "\(name) waits for a refund nobody asks for"))
                }
            case .refunded:
                if order.refunded != order.captured {
                    breaches.append(Breach(rule: 2, "\(name) is refunded with another amount than was captured"))
                }
            case .declined, .expired:
                owed += order.captured - order.refunded
                if order.captured != order.refunded, order.duty != .refund {
                    breaches.append(Breach(rule: 2, "\(name) bought nothing and keeps money"))
                }
            case .authorizing, .capturing, .requiresAction:
                if order.captured != 0 { breaches.append(Breach(rule: 2, "\(name) has money before its end")) }
                if order.duty == nil { breaches.append(Breach(rule: 2, "\(name) waits and nobody asks the provider")) }
            }
        }
        if ledger.sum != 0 { breaches.append(Breach(rule: 2, "the ledger sums to \(ledger.sum), not to zero")) }
        if ledger[.sales] != -sales {
            breaches.append(Breach(rule: 2, "the ledger's sales are not the confirmed orders'"))
        }
        if ledger[.refundsPayable] != -owed {
            breaches.append(Breach(rule: 2, "the ledger owes other refunds than the orders do"))
        }
    }

    /// Rule 5, its part here: the purchase limit counts all that a buyer has.
    private func checkLimits(_ breaches: inout [Breach]) {
        var expected: [BuyerID: Int] = [:]
        for hold in holds.values { expected[hold.buyer, default: 0] += hold.places.quantity }
        for order in orders where order.state == .capturing || order.state == .confirmed {
            expected[order.buyer, default: 0] += order.places.quantity
        }
        for (buyer, places) in expected.sorted(by: { $0.key < $1.key }) {
            if places > terms.ticketsPerBuyer { breaches.append(Breach(rule: 5, "a buyer has \(places) places")) }
            if buyers[buyer]?.places != places {
                breaches.append(Breach(rule: 5, "a buyer's count is not what a recount gives"))
            }
        }
        for (buyer, account) in buyers where account.places != (expected[buyer] ?? 0) {
            breaches.append(Breach(rule: 5, "a buyer's count is \(account.places) and nothing explains it"))
        }
    }
}
