public import OnsaleValues

/// How facts change the state. Here nothing is decided: a fact that does not fit is an error, never a choice.
extension Sale {
    /// Applies a fact that was journaled at `at`.
    public mutating func replay(_ fact: SaleFact, at: Timestamp) throws(ContradictoryFact) {
        forgetBuyersLeftOff()
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
            try change(id, from: [.authorizing, .requiresAction], to: .capturing, duty: .capture) {
                $0.intent = intent
                $0.note = nil
            }
            let order = orders[Int(id.serial) - 1]
            try move(order.places, from: .held, to: .sold, claim: id.serial)
            holds[order.hold.serial] = nil
        case .orderConfirmed(let id, let captured):
            try confirmed(id, captured: captured, at: now)
        case .orderDeclined(let id, let code, let void):
            try abandoned(
                id, as: .declined, from: [.authorizing, .requiresAction, .capturing], duty: void ? .void : nil, at: now)
            orders[Int(id.serial) - 1].note = .declined(code: code)
        case .paymentDeclined(let id, let code, let void, let holdUntil):
            try declined(id, code: code, void: void, holdUntil: holdUntil, at: now)
        case .actionRequired(let id, let intent, let url):
            try change(id, from: [.authorizing], to: .requiresAction, duty: .authorize) {
                $0.intent = intent
                $0.note = .action(url: url)
            }
        case .orderExpired(let id):
            try abandoned(id, as: .expired, from: [.authorizing, .requiresAction], duty: .void, at: now)
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
            try ledger.captureOwedBack(amount)
        case .voided(let id):
            try setDuty(id, from: .void, to: nil)
        case .orderCancelled(let id, let byOrganizer, let key):
            try cancelled(id, byOrganizer: byOrganizer, key: key, at: now)
        case .refunded(let id, let amount):
            try setDuty(id, from: .refund, to: nil)
            try amend(id) { $0.refunded += amount }
            if orders[Int(id.serial) - 1].state == .refunding {
                try change(id, from: [.refunding], to: .refunded, duty: nil) { $0.endedAt = now }
            }
            try ledger.refund(amount)
        case .strayFound(let id, let intent, let captured):
            guard strays[intent] == nil else { throw ContradictoryFact("stray \(intent) is known") }
            strays[intent] = StrayPayment(order: id, intent: intent, captured: captured)
            try ledger.captureOwedBack(captured)
        case .strayReturned(_, let intent):
            guard let stray = strays.removeValue(forKey: intent) else {
                throw ContradictoryFact("stray \(intent) is unknown")
            }
            try ledger.refund(stray.captured)
        case .refundedByProvider(let id, let total): try refundedByProvider(id, total: total, at: now)
        case .refundReversed(let id, let amount): try refundReversed(id, amount: amount)
        case .disputed(let id): try setDisputed(id, true)
        case .disputeWon(let id): try setDisputed(id, false)
        case .blocked(let wanted):
            try setSeats(wanted, from: .free, to: .blocked, claim: 0)
        case .unblocked(let wanted):
            try setSeats(wanted, from: .blocked, to: .free, claim: 0)
        case .checkedIn(let id):
            guard let ticket = ticket(id), !ticket.isVoid, ticket.checkedInAt == nil else {
                throw ContradictoryFact("ticket \(id.serial) cannot be checked in")
            }
            tickets[Int(id.serial) - 1].checkedInAt = now
        }
    }

    // MARK: Holds

    private mutating func made(_ hold: Hold, key: IdempotencyKey?, at now: Timestamp) throws(ContradictoryFact) {
        guard hold.id.serial == lastHold + 1 else { throw ContradictoryFact("hold \(hold.id.serial) is out of turn") }
        try move(hold.places, from: .free, to: .held, claim: hold.id.serial)
        lastHold = hold.id.serial
        holds[hold.id.serial] = hold
        let keyCount = buyers[hold.buyer, default: BuyerAccount()].made(
            hold.id.serial, quantity: hold.places.quantity, isKeyed: key != nil)
        if let key { remember(key, .hold(hold), count: keyCount, at: now) }
    }

    private mutating func ended(_ id: HoldID) throws(ContradictoryFact) {
        guard let hold = holds.removeValue(forKey: id.serial), hold.order == nil else {
            throw ContradictoryFact("hold \(id.serial) is not live")
        }
        try move(hold.places, from: .held, to: .free, claim: 0)
        credit(hold.buyer, hold.places.quantity, endedHold: id.serial)
        buyersLeftOff.append(hold.buyer)
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
        let (previous, keyCount) = buyers[hold.buyer, default: BuyerAccount()].ordered(
            id.serial, hold: holdID.serial)
        orders.append(
            Order(
                id: id, buyer: hold.buyer, hold: holdID, pass: hold.pass, places: hold.places, amount: hold.amount,
                placedAt: now,
                paymentMethod: paymentMethod, trace: trace, previousOfBuyer: previous, state: .authorizing,
                duty: .authorize, intent: nil, note: nil, isDisputed: false, captured: 0,
                refunded: 0, firstTicket: 0,
                confirmedAt: nil,
                endedAt: nil))
        ordersByState[Int(OrderState.authorizing.rawValue)] += 1
        openOrders.set(id.serial, isOpen: true)
        remember(key, .order(id, buyer: hold.buyer), count: keyCount, at: now)
    }

    private mutating func confirmed(_ id: OrderID, captured: Int64, at now: Timestamp) throws(ContradictoryFact) {
        let firstTicket = UInt32(tickets.count) + 1
        try change(id, from: [.capturing], to: .confirmed, duty: nil) {
            $0.captured = captured
            $0.firstTicket = firstTicket
            $0.confirmedAt = now
            $0.endedAt = now
        }
        let index = Int(id.serial) - 1
        for position in 0..<orders[index].places.quantity {
            tickets.append(
                Ticket(
                    id: TicketID(firstTicket + UInt32(position)), order: id, position: position, issuedAt: now,
                    isVoid: false, checkedInAt: nil))
        }
        try ledger.captureForSale(captured)
        buyersLeftOff.append(orders[index].buyer)
    }

    /// An order that came to nothing: its seats are free again.
    private mutating func abandoned(
        _ id: OrderID, as state: OrderState, from: OrderStates, duty: PaymentDuty?, at now: Timestamp
    ) throws(ContradictoryFact) {
        let before = order(id)?.state
        try change(id, from: from, to: state, duty: duty) {
            $0.endedAt = now
            $0.note = nil
        }
        let order = orders[Int(id.serial) - 1]
        let seatState: SeatState = before == .capturing ? .sold : .held
        try move(order.places, from: seatState, to: .free, claim: 0)
        holds[order.hold.serial] = nil
        buyersLeftOff.append(order.buyer)
        credit(order.buyer, order.places.quantity)
    }

    /// A payment that was refused: the hold is as it was before the order, with some time to try another way.
    private mutating func declined(
        _ id: OrderID, code: String, void: Bool, holdUntil: Timestamp, at now: Timestamp
    ) throws(ContradictoryFact) {
        guard let serial = order(id)?.hold.serial, holds[serial]?.order == id else {
            throw ContradictoryFact("order \(id.serial) has no hold to give back")
        }
        try change(id, from: [.authorizing, .requiresAction], to: .declined, duty: void ? .void : nil) {
            $0.endedAt = now
            $0.note = .declined(code: code)
        }
        guard var hold = holds[serial] else { return }
        hold.order = nil
        hold.expiresAt = holdUntil
        hold.declines = hold.declines == .max ? .max : hold.declines + 1
        holds[serial] = hold
        returnedHolds.insert(hold)
        buyers[hold.buyer]?.holds.append(serial)
    }

    // MARK: What the provider did of its own accord

    private mutating func refundedByProvider(
        _ id: OrderID, total: Int64, at now: Timestamp
    ) throws(ContradictoryFact) {
        guard let order = order(id), order.state == .confirmed, (0...order.captured).contains(total) else {
            throw ContradictoryFact("order \(id.serial) can't have been refunded by the provider")
        }
        if total >= order.refunded {
            try ledger.reverseSale(total - order.refunded)
            try ledger.refund(total - order.refunded)
        } else {
            try ledger.reverseRefund(order.refunded - total)
            try ledger.restoreSale(order.refunded - total)
        }
        try amend(id) { $0.refunded = total }
        guard total == order.captured else { return }
        try change(id, from: [.confirmed], to: .refunded, duty: nil) { $0.endedAt = now }
        for ticket in order.tickets { tickets[Int(ticket.serial) - 1].isVoid = true }
        try move(order.places, from: .sold, to: .free, claim: 0)
        credit(order.buyer, order.places.quantity)
    }

    private mutating func refundReversed(_ id: OrderID, amount: Int64) throws(ContradictoryFact) {
        guard let order = order(id), order.duty == nil, amount > 0, order.refunded >= amount,
            [.refunded, .declined, .expired].contains(order.state)
        else { throw ContradictoryFact("order \(id.serial) has no refund that could be reversed") }
        let state = order.state == .refunded ? OrderState.refunding : order.state
        try change(id, from: OrderStates(order.state), to: state, duty: .refund) { $0.refunded -= amount }
        try ledger.reverseRefund(amount)
    }

    private mutating func setDisputed(_ id: OrderID, _ isDisputed: Bool) throws(ContradictoryFact) {
        guard let order = order(id), order.state == .confirmed, order.isDisputed != isDisputed else {
            throw ContradictoryFact("order \(id.serial) can't be \(isDisputed ? "" : "un")disputed")
        }
        try amend(id) { $0.isDisputed = isDisputed }
        for ticket in order.tickets { tickets[Int(ticket.serial) - 1].isVoid = isDisputed }
    }

    private mutating func cancelled(
        _ id: OrderID, byOrganizer: Bool, key: IdempotencyKey?, at now: Timestamp
    ) throws(ContradictoryFact) {
        try change(id, from: [.confirmed], to: .refunding, duty: .refund) { _ in }
        let order = orders[Int(id.serial) - 1]
        for ticket in order.tickets { tickets[Int(ticket.serial) - 1].isVoid = true }
        try move(order.places, from: .sold, to: .free, claim: 0)
        credit(order.buyer, order.places.quantity)
        try ledger.reverseSale(order.captured - order.refunded)
        guard let key else { return }
        let keyCount = byOrganizer ? 0 : buyers[order.buyer, default: BuyerAccount()].keyed()
        remember(key, .order(id, buyer: byOrganizer ? nil : order.buyer), count: keyCount, at: now)
    }

    private mutating func change(
        _ id: OrderID, from allowed: OrderStates, to state: OrderState, duty: PaymentDuty?,
        _ body: (inout Order) -> Void
    ) throws(ContradictoryFact) {
        guard let before = order(id)?.state, allowed.contains(OrderStates(before)) else {
            throw ContradictoryFact("order \(id.serial) cannot become \(state)")
        }
        let index = Int(id.serial) - 1
        ordersByState[Int(before.rawValue)] -= 1
        ordersByState[Int(state.rawValue)] += 1
        openOrders.set(id.serial, isOpen: duty != nil)
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
        openOrders.set(id.serial, isOpen: duty != nil)
        orders[Int(id.serial) - 1].duty = duty
    }

    private mutating func amend(_ id: OrderID, _ body: (inout Order) -> Void) throws(ContradictoryFact) {
        guard order(id) != nil else { throw ContradictoryFact("order \(id.serial) does not exist") }
        body(&orders[Int(id.serial) - 1])
    }

    // MARK: Places

    private mutating func move(
        _ places: Places, from: SeatState, to: SeatState, claim: UInt32
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
        _ wanted: [SeatIndex], from: SeatState, to: SeatState, claim: UInt32
    ) throws(ContradictoryFact) {
        for seat in wanted {
            guard seat.offset < seats.count, seats.state(seat.offset) == from else {
                throw ContradictoryFact("seat \(seat.value) is not in the state that it leaves")
            }
            seats.set(seat.offset, to: to, claim: claim, plan: plan)
        }
        availabilityVersion += 1
    }
}

extension Sale.BuyerAccount {
    /// - Returns: how many keys the buyer has used.
    mutating func made(_ hold: UInt32, quantity: Int, isKeyed: Bool) -> Int32 {
        places += quantity
        holds.append(hold)
        return isKeyed ? keyed() : keys
    }

    /// - Returns: the buyer's order before this one, 0 for none, and how many keys the buyer has used.
    mutating func ordered(_ order: UInt32, hold: UInt32) -> (previous: UInt32, keys: Int32) {
        let previous = lastOrder
        holds.removeAll { $0 == hold }
        lastOrder = order
        return (previous, keyed())
    }

    /// - Returns: how many keys the buyer has used.
    mutating func keyed() -> Int32 {
        keys += 1
        return keys
    }
}
