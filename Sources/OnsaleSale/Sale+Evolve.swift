public import OnsaleValues

/// How facts change the state. Nothing is decided here: a fact that doesn't fit is an error.
extension Sale {
    /// Applies a fact that was journaled at `at`.
    public mutating func replay(_ fact: SaleFact, at: Timestamp) throws(ContradictoryFact) {
        forgetBuyersLeftOff()
        try fact.evolve(&self, at: at)
    }

    // MARK: Orders

    /// Moves an order to another state.
    /// - Returns: the changed order.
    @discardableResult
    mutating func change(
        _ id: OrderID, from allowed: OrderStates, to state: OrderState, duty: PaymentDuty?,
        _ body: (inout Order) -> Void
    ) throws(ContradictoryFact) -> Order {
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
        return orders[index]
    }

    mutating func setDuty(_ id: OrderID, from: PaymentDuty?, to duty: PaymentDuty?) throws(ContradictoryFact) {
        guard let before = order(id), before.duty == from else {
            throw ContradictoryFact("order \(id.serial) does not have the duty that ends")
        }
        openOrders.set(id.serial, isOpen: duty != nil)
        orders[Int(id.serial) - 1].duty = duty
    }

    mutating func amend(_ id: OrderID, _ body: (inout Order) -> Void) throws(ContradictoryFact) {
        guard order(id) != nil else { throw ContradictoryFact("order \(id.serial) does not exist") }
        body(&orders[Int(id.serial) - 1])
    }

    // MARK: Holds

    /// Lets the holds there are expire in any order, for those that follow last longer or less long.
    mutating func takeHoldsOutOfTurn() {
        while oldestHold <= lastHold {
            if let hold = holds[oldestHold], hold.order == nil, hold.declines == 0 { holdsOutOfTurn.insert(hold) }
            oldestHold += 1
        }
    }

    // MARK: Buyers

    /// Gives places back to a buyer's limit, and forgets the buyer's account once it is empty.
    mutating func credit(_ buyer: BuyerID, _ quantity: Int, endedHold: UInt32? = nil) {
        guard let index = buyers.index(forKey: buyer) else { return }
        buyers.values[index].places -= quantity
        if let endedHold { buyers.values[index].holds.removeAll { $0 == endedHold } }
        if buyers.values[index].isEmpty { buyers.remove(at: index) }
    }

    // MARK: Places

    mutating func move(
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

    mutating func setSeats(
        _ wanted: [SeatIndex], from: SeatState, to: SeatState, claim: UInt32
    ) throws(ContradictoryFact) {
        for seat in wanted {
            guard seat.offset < seats.count, seats.state(seat.offset) == from else {
                throw ContradictoryFact("seat \(seat.value) is not \(from)")
            }
            seats.set(seat.offset, to: to, claim: claim, plan: plan)
        }
        availabilityVersion += 1
    }
}

extension Sale.BuyerAccount {
    /// - Returns: how many of the buyer's keys are remembered now.
    mutating func addHold(_ hold: UInt32, quantity: Int, isKeyed: Bool) -> Int32 {
        places += quantity
        holds.append(hold)
        return isKeyed ? addKey() : keys
    }

    /// - Returns: the buyer's previous order, 0 for none, and how many of the buyer's keys are remembered now.
    mutating func addOrder(_ order: UInt32, hold: UInt32) -> (previous: UInt32, keys: Int32) {
        let previous = lastOrder
        holds.removeAll { $0 == hold }
        lastOrder = order
        return (previous, addKey())
    }

    /// - Returns: how many of the buyer's keys are remembered now.
    mutating func addKey() -> Int32 {
        keys += 1
        return keys
    }
}
