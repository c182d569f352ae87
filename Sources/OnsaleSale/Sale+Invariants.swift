public import OnsaleValues

extension Sale {
    /// Recounts everything from the claims up and compares.
    /// - Returns: one breach per violation; empty if all is well.
    public func breaches() -> [Breach] {
        var breaches: [Breach] = []
        checkClaims(&breaches)
        checkMoney(&breaches)
        checkLimits(&breaches)
        return breaches
    }

    /// Whether the totals add up; cheap enough to check after every batch, since nothing is recounted.
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
                            Breach(rule: 1, "seat \(plan.seats[seat].name) is claimed twice, once by \(who)"))
                    }
                    expected[seat] = state
                    if seats.claim(seat) != serial {
                        breaches.append(Breach(rule: 1, "seat \(plan.seats[seat].name) doesn't record \(who)"))
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
            claim(order.placesLeft, .sold, order.id.serial, "order \(order.id.serial)")
        }
        var recount = PlaceCounts()
        for seat in 0..<seats.count {
            let state = seats.state(seat)
            recount[state] += 1
            let isRight = state == expected[seat] || (state == .blocked && expected[seat] == .free)
            if !isRight {
                breaches.append(Breach(rule: 1, "seat \(plan.seats[seat].name) is in a state no claim explains"))
            }
        }
        if blocks.count != recount.blocked || blocks.keys.contains(where: { seats.state($0.offset) != .blocked }) {
            breaches.append(Breach(rule: 1, "the seats kept back differ from those that have a reason"))
        }
        if recount != seats.counts {
            breaches.append(Breach(rule: 1, "the seat counts differ from a recount"))
        }
        for (area, counts) in areas.enumerated()
        where counts != expectedAreas[area] || counts.free < 0 || counts.capacity != plan.areas[area].capacity {
            breaches.append(Breach(rule: 1, "area \(plan.areas[area].name) has counts no claims explain"))
        }
        if counts.capacity != plan.capacity {
            breaches.append(Breach(rule: 1, "free + held + sold + blocked differs from the capacity"))
        }
    }

    /// Rule 2: captured money belongs to a confirmed order, has gone back, or is on its way back.
    private func checkMoney(_ breaches: inout [Breach]) {
        var sales: Int64 = 0
        var owed: Int64 = strays.values.reduce(0) { $0 + $1.captured }
        for order in orders {
            let name = "order \(order.id.serial)"
            switch order.state {
            case .confirmed:
                sales += order.captured - order.goingBack
                owed += order.goingBack - order.refunded
                if (order.duty == .refund) != (order.goingBack > order.refunded) {
                    breaches.append(Breach(rule: 2, "\(name) owes a part of its money, or nobody asks for it"))
                }
                if order.captured != order.amount {
                    breaches.append(Breach(rule: 2, "\(name) is confirmed but captured the wrong amount"))
                }
                if order.tickets.count != order.places.quantity
                    || order.tickets.enumerated().contains(where: { position, id in
                        let isReturned = order.partReturn?.positions.contains(position) ?? false
                        return ticket(id)?.order != order.id
                            || ticket(id)?.isVoid != (order.isDisputed || isReturned)
                    })
                {
                    breaches.append(Breach(rule: 2, "\(name) is confirmed but its tickets are wrong"))
                }
            case .refunding:
                owed += order.captured - order.refunded
                if order.duty != .refund {
                    breaches.append(Breach(rule: 2, "\(name) is refunding but nobody asks for the refund"))
                }
            case .refunded:
                if order.refunded != order.captured {
                    breaches.append(Breach(rule: 2, "\(name) is refunded but not for the captured amount"))
                }
            case .declined, .expired:
                owed += order.captured - order.refunded
                if order.captured != order.refunded, order.duty != .refund {
                    breaches.append(Breach(rule: 2, "\(name) bought nothing but keeps money"))
                }
            case .authorizing, .capturing, .requiresAction:
                if order.captured != 0 { breaches.append(Breach(rule: 2, "\(name) has money before it is confirmed")) }
                if order.duty == nil { breaches.append(Breach(rule: 2, "\(name) waits but nobody asks the provider")) }
            }
        }
        if ledger.sum != 0 { breaches.append(Breach(rule: 2, "the ledger sums to \(ledger.sum), not to zero")) }
        if ledger[.sales] != -sales {
            breaches.append(Breach(rule: 2, "the ledger's sales differ from the confirmed orders"))
        }
        if ledger[.refundsPayable] != -owed {
            breaches.append(Breach(rule: 2, "the ledger's refunds payable differ from what the orders owe"))
        }
    }

    /// The sale's part of rule 5: the purchase limit counts everything a buyer has.
    private func checkLimits(_ breaches: inout [Breach]) {
        var expected: [BuyerID: Int] = [:]
        // A limit that fell later takes nothing away. Nobody got more than was allowed at their last hold.
        var newest: [BuyerID: HoldID] = [:]
        func count(_ places: Int, of buyer: BuyerID, _ hold: HoldID) {
            expected[buyer, default: 0] += places
            newest[buyer] = max(newest[buyer] ?? hold, hold)
        }
        for hold in holds.values { count(hold.places.quantity, of: hold.buyer, hold.id) }
        for order in orders where order.state == .capturing || order.state == .confirmed {
            count(order.placesLeft.quantity, of: order.buyer, order.hold)
        }
        for (buyer, places) in expected.sorted(by: { $0.key < $1.key }) {
            if let hold = newest[buyer], places > terms[hold].ticketsPerBuyer {
                breaches.append(Breach(rule: 5, "a buyer has \(places) places"))
            }
            if buyers[buyer]?.places != places {
                breaches.append(Breach(rule: 5, "a buyer's count differs from a recount"))
            }
        }
        for (buyer, account) in buyers where account.places != (expected[buyer] ?? 0) {
            breaches.append(Breach(rule: 5, "a buyer's count is \(account.places) and nothing explains it"))
        }
    }
}
