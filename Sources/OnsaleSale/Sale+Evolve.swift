public import OnsaleValues

/// How facts change the state. Here nothing is decided: a fact that does not fit is an error, never a choice.
extension Sale {
    /// Applies a fact that was journaled at `at`.
    public mutating func replay(_ fact: SaleFact, at: Timestamp) throws(ContradictoryFact) {
        try evolve(fact, at: at)
    }

    mutating func evolve(_ fact: SaleFact, at now: Timestamp) throws(ContradictoryFact) {
        switch fact {
        case .held(let id, let buyer, let pass, let places, let amount, let expiresAt, let key):
            try made(
                Hold(
                    id: id, buyer: buyer, pass: pass, places: places, amount: amount, madeAt: now,
                    expiresAt: expiresAt), key: key, at: now)
        case .holdReleased(let id), .holdExpired(let id):
            try ended(id)
        case .orderPlaced(let id, let hold, let method, let trace, let key):
            try placed(id, hold, paymentMethod: method, trace: trace, key: key, at: now)
        case .orderAuthorized(let id, let intent):
            try change(id, from: [.authorizing], to: .capturing, duty: .capture) { $0.intent = intent }
            let order = orders[Int(id.serial) - 1]
            try move(order.places, from: SeatState.held, to: SeatState.sold, claim: id.serial)
            holds[order.hold.serial] = nil
        case .orderConfirmed(let id, let captured):
            try confirmed(id, captured: captured, at: now)
        case .orderDeclined(let id, let code, let void):
            try abandoned(id, as: .declined, from: [.authorizing, .capturing], duty: void ? .void : nil, at: now)
            orders[Int(id.serial) - 1].declineCode = code
        case .orderExpired(let id):
            try abandoned(id, as: .expired, from: [.authorizing], duty: .void, at: now)
        case .intentLearned(let id, let intent):
            try amend(id) { $0.intent = intent }
        case .capturedLate(let id, let intent, let amount):
            guard let late = order(id), late.captured == 0, late.state == .declined || late.state == .expired else {
                throw ContradictoryFact("order \(id.serial) cannot be captured late")
            }
            try setDuty(id, from: late.duty, to: .refund)
            try amend(id) {
                $0.intent = intent
                $0.captured = amount
            }
            ledger.captureOwedBack(amount)
        case .voided(let id):
            try setDuty(id, from: .void, to: nil)
        case .orderCancelled(let id, _, let key):
            try cancelled(id, key: key, at: now)
        case .refunded(let id, let amount):
            try setDuty(id, from: .refund, to: nil)
            try amend(id) { $0.refunded += amount }
            if orders[Int(id.serial) - 1].state == .refunding {
                try change(id, from: [.refunding], to: .refunded, duty: nil) { $0.endedAt = now }
            }
            ledger.refund(amount)
        case .strayFound(let id, let intent, let captured):
            guard strays[intent] == nil else { throw ContradictoryFact("stray \(intent) is known") }
            strays[intent] = StrayPayment(order: id, intent: intent, captured: captured)
            ledger.captureOwedBack(captured)
        case .strayReturned(_, let intent):
            guard let stray = strays.removeValue(forKey: intent) else {
                throw ContradictoryFact("stray \(intent) is unknown")
            }
            ledger.refund(stray.captured)
        case .blocked(let wanted):
            try setSeats(wanted, from: SeatState.free, to: SeatState.blocked, claim: 0)
        case .unblocked(let wanted):
            try setSeats(wanted, from: SeatState.blocked, to: SeatState.free, claim: 0)
        case .checkedIn(let serial):
            guard let ticket = ticket(serial), !ticket.isVoid, ticket.checkedInAt == nil else {
                throw ContradictoryFact("ticket \(serial) cannot be checked in")
            }
            tickets[Int(serial) - 1].checkedInAt = now
        }
    }

    // MARK: Holds

    private mutating func made(_ hold: Hold, key: IdempotencyKey?, at now: Timestamp) throws(ContradictoryFact) {
        guard hold.id.serial == lastHold + 1 else { throw ContradictoryFact("hold \(hold.id.serial) is out of turn") }
        try move(hold.places, from: SeatState.free, to: SeatState.held, claim: hold.id.serial)
        lastHold = hold.id.serial
        holds[hold.id.serial] = hold
        buyers[hold.buyer, default: BuyerAccount()].made(hold.id.serial, quantity: hold.places.quantity)
        if let key { keys.remember(key, .hold(hold), at: now) }
    }

    private mutating func ended(_ id: HoldID) throws(ContradictoryFact) {
        guard let hold = holds.removeValue(forKey: id.serial), hold.order == nil else {
            throw ContradictoryFact("hold \(id.serial) is not live")
        }
        try move(hold.places, from: SeatState.held, to: SeatState.free, claim: 0)
        credit(hold.buyer, hold.places.quantity, endedHold: id.serial)
    }

    /// Gives places back to a buyer's limit, and forgets a buyer of whom nothing is left.
    private mutating func credit(_ buyer: BuyerID, _ quantity: Int, endedHold: UInt32? = nil) {
        guard let index = buyers.index(forKey: buyer) else { return }
        buyers.values[index].places -= quantity
        if let endedHold { buyers.values[index].holds.removeAll { $0 == endedHold } }
        if buyers.values[index].isEmpty { buyers.remove(at: index) }
    }

    // MARK: Orders

    private mutating func placed(
        _ id: OrderID, _ holdID: HoldID, paymentMethod: String, trace: String?, key: IdempotencyKey,
        at now: Timestamp
    ) throws(ContradictoryFact) {
        guard id.serial == UInt32(orders.count) + 1 else {
            throw ContradictoryFact("order \(id.serial) is out of turn")
        }
        guard let hold = holds[holdID.serial], hold.order == nil else {
            throw ContradictoryFact("hold \(holdID.serial) cannot be ordered")
        }
        holds[holdID.serial]?.order = id
        let previous = buyers[hold.buyer]?.lastOrder ?? 0
        buyers[hold.buyer, default: BuyerAccount()].ordered(id.serial, hold: holdID.serial)
        orders.append(
            Order(
                id: id, buyer: hold.buyer, hold: holdID, places: hold.places, amount: hold.amount, placedAt: now,
                paymentMethod: paymentMethod, trace: trace, previousOfBuyer: previous, state: .authorizing,
                duty: .authorize, intent: nil, declineCode: nil, captured: 0, refunded: 0, firstTicket: 0,
                confirmedAt: nil,
                endedAt: nil))
        ordersByState[Int(OrderState.authorizing.rawValue)] += 1
        ordersAwaitingProvider += 1
        keys.remember(key, .order(id), at: now)
    }

    private mutating func confirmed(_ id: OrderID, captured: Int64, at now: Timestamp) throws(ContradictoryFact) {
        let firstTicket = UInt32(tickets.count) + 1
        try change(id, from: [.capturing], to: .confirmed, duty: nil) {
            $0.captured = captured
            $0.firstTicket = firstTicket
            $0.confirmedAt = now
            $0.endedAt = now
        }
        let order = orders[Int(id.serial) - 1]
        for position in 0..<order.places.quantity {
            tickets.append(
                Ticket(
                    serial: firstTicket + UInt32(position), order: id, position: position, issuedAt: now,
                    isVoid: false, checkedInAt: nil))
        }
        ledger.captureForSale(captured)
    }

    /// An order that came to nothing: its seats are free again.
    private mutating func abandoned(
        _ id: OrderID, as state: OrderState, from: [OrderState], duty: PaymentDuty?, at now: Timestamp
    ) throws(ContradictoryFact) {
        let before = order(id)?.state
        try change(id, from: from, to: state, duty: duty) { $0.endedAt = now }
        let order = orders[Int(id.serial) - 1]
        let seatState = before == .capturing ? SeatState.sold : SeatState.held
        try move(order.places, from: seatState, to: SeatState.free, claim: 0)
        holds[order.hold.serial] = nil
        credit(order.buyer, order.places.quantity)
    }

    private mutating func cancelled(
        _ id: OrderID, key: IdempotencyKey?, at now: Timestamp
    ) throws(ContradictoryFact) {
        try change(id, from: [.confirmed], to: .refunding, duty: .refund) { _ in }
        let order = orders[Int(id.serial) - 1]
        for serial in order.tickets { tickets[Int(serial) - 1].isVoid = true }
        try move(order.places, from: SeatState.sold, to: SeatState.free, claim: 0)
        credit(order.buyer, order.places.quantity)
        ledger.reverseSale(order.captured)
        if let key { keys.remember(key, .order(id), at: now) }
    }

    private mutating func change(
        _ id: OrderID, from allowed: [OrderState], to state: OrderState, duty: PaymentDuty?,
        _ body: (inout Order) -> Void
    ) throws(ContradictoryFact) {
        guard let before = order(id)?.state, allowed.contains(before) else {
            throw ContradictoryFact("order \(id.serial) cannot become \(state)")
        }
        let index = Int(id.serial) - 1
        ordersByState[Int(before.rawValue)] -= 1
        ordersByState[Int(state.rawValue)] += 1
        ordersAwaitingProvider += (duty == nil ? 0 : 1) - (orders[index].duty == nil ? 0 : 1)
        orders[index].state = state
        orders[index].duty = duty
        body(&orders[index])
    }

    private mutating func setDuty(
        _ id: OrderID, from: PaymentDuty?, to duty: PaymentDuty?
    ) throws(ContradictoryFact) {
        guard let before = order(id), before.duty == from else {
            throw ContradictoryFact("order \(id.serial) has another duty than the one that ends")
        }
        orders[Int(id.serial) - 1].duty = duty
        ordersAwaitingProvider += (duty == nil ? 0 : 1) - (from == nil ? 0 : 1)
    }

    private mutating func amend(_ id: OrderID, _ body: (inout Order) -> Void) throws(ContradictoryFact) {
        guard order(id) != nil else { throw ContradictoryFact("order \(id.serial) does not exist") }
        body(&orders[Int(id.serial) - 1])
    }

    // MARK: Places

    private mutating func move(
        _ places: Places, from: UInt8, to: UInt8, claim: UInt32
    ) throws(ContradictoryFact) {
        switch places {
        case .seats(let wanted):
            try setSeats(wanted, from: from, to: to, claim: claim)
        case .area(let area, let quantity):
            guard areas.indices.contains(area), quantity >= 0, areas[area][from] >= quantity else {
                throw ContradictoryFact("area \(area) has no \(quantity) places to move")
            }
            areas[area].move(quantity, from: from, to: to)
            availabilityVersion += 1
        }
    }

    private mutating func setSeats(
        _ wanted: [UInt32], from: UInt8, to: UInt8, claim: UInt32
    ) throws(ContradictoryFact) {
        for seat in wanted {
            guard Int(seat) < seats.count, seats.state(Int(seat)) == from else {
                throw ContradictoryFact("seat \(seat) is not in the state that it leaves")
            }
            seats.set(Int(seat), to: to, claim: claim, plan: plan)
        }
        availabilityVersion += 1
    }
}

extension Sale.BuyerAccount {
    mutating func made(_ hold: UInt32, quantity: Int) {
        places += quantity
        holds.append(hold)
    }

    mutating func ordered(_ order: UInt32, hold: UInt32) {
        holds.removeAll { $0 == hold }
        lastOrder = order
    }
}
