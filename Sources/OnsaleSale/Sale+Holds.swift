public import OnsaleValues

extension Sale {
    mutating func hold(
        buyer: BuyerID, pass: UInt32, _ selection: Selection, key: IdempotencyKey?,
        now: Timestamp, facts: inout [SaleFact]
    ) -> SaleOutcome {
        if let answer = answer(to: key, now: now) { return answer }
        if key != nil, let refusal = keyRefusal(for: buyer, isOrder: false, now: now) { return .refused(refusal) }
        let current = buyers[buyer]?.places ?? 0
        guard current + selection.quantity <= terms.ticketsPerBuyer else {
            return .refused(.purchaseLimit(limit: terms.ticketsPerBuyer, current: current))
        }
        let places: Places
        switch choose(selection) {
        case .success(let chosen): places = chosen
        case .failure(let refusal): return .refused(refusal)
        }
        let id = HoldID(lastHold + 1)
        record(
            .held(
                id, buyer: buyer, pass: pass, places, amount: amount(of: places),
                expiresAt: now.adding(seconds: terms.holdSeconds), key: key),
            at: now, facts: &facts)
        return holds[id.serial].map { .held($0) } ?? .refused(.notFound)
    }

    /// The places that a selection comes to now. All or nothing.
    private func choose(_ selection: Selection) -> Result<Places, Refusal> {
        switch selection {
        case .seats(let wanted):
            let taken = wanted.filter { !seats.isFree(Int($0)) }
            guard taken.isEmpty else { return .failure(.seatsUnavailable(taken)) }
            if terms.preventOrphans {
                let orphans = OrphanRule.orphans(leftBy: wanted, plan: plan, seats: seats)
                guard orphans.isEmpty else { return .failure(.orphanSeat(orphans)) }
            }
            return .success(.seats(wanted))
        case .area(let area, let quantity):
            guard areas[area].free >= quantity else { return .failure(nothingLeft) }
            return .success(.area(area, quantity: quantity))
        case .best(let category, let quantity):
            guard
                let chosen = BestAvailable.choose(category: category, quantity: quantity, plan: plan, seats: seats)
            else { return .failure(nothingLeft) }
            return .success(.seats(chosen))
        }
    }

    /// Too few of what was asked for: the whole event sold out, or this part of it taken for now.
    private var nothingLeft: Refusal {
        isSoldOut ? .soldOut : .seatsUnavailable([])
    }

    /// The live hold of that buyer, or why there is none.
    public func liveHold(_ id: HoldID, buyer: BuyerID) -> Result<Hold, Refusal> {
        guard wasMade(id) else { return .failure(.notFound) }
        guard let hold = holds[id.serial] else { return .failure(.holdExpired) }
        return hold.buyer == buyer ? .success(hold) : .failure(.notFound)
    }

    mutating func release(
        _ id: HoldID, buyer: BuyerID, now: Timestamp, facts: inout [SaleFact]
    ) -> SaleOutcome {
        switch liveHold(id, buyer: buyer) {
        case .failure(let refusal): return .refused(refusal)
        case .success(let hold):
            if let order = hold.order { return .refused(.holdOrdered(order)) }
            record(.holdReleased(id), at: now, facts: &facts)
            return .released
        }
    }

    mutating func releaseAll(
        buyer: BuyerID, pass: UInt32, now: Timestamp, facts: inout [SaleFact]
    ) -> SaleOutcome {
        for serial in buyers[buyer]?.holds ?? [] where holds[serial]?.pass == pass {
            record(.holdReleased(HoldID(serial)), at: now, facts: &facts)
        }
        return .released
    }
}
