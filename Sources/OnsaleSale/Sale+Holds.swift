public import OnsaleValues

extension Sale {
    mutating func hold(
        _ selection: Selection, buyer: BuyerID, pass: PassID, key: IdempotencyKey?,
        now: Timestamp, facts: inout [SaleFact]
    ) throws(Refusal) -> Hold {
        if let known = try answer(to: key, now: now) {
            guard case .hold(let hold) = known else { throw .idempotencyConflict }
            return hold
        }
        if key != nil { try requireSpaceForKey(of: buyer, isOrder: false, now: now) }
        let current = buyers[buyer]?.places ?? 0
        guard current + selection.quantity <= terms.current.ticketsPerBuyer else {
            throw .purchaseLimit(limit: terms.current.ticketsPerBuyer, current: current)
        }
        let places = try choose(selection)
        let id = HoldID(lastHold + 1)
        record(
            SaleFact.Held(
                hold: id, buyer: buyer, pass: pass, places: places,
                amount: amount(of: places, at: terms.current.prices),
                expiresAt: now.adding(seconds: terms.current.holdSeconds), key: key),
            at: now, facts: &facts)
        guard let hold = holds[id.serial] else { throw .notFound }
        return hold
    }

    /// Resolves a selection to free places, all or none.
    private func choose(_ selection: Selection) throws(Refusal) -> Places {
        switch selection {
        case .seats(let wanted):
            let taken = wanted.filter { !seats.isFree($0.offset) }
            guard taken.isEmpty else { throw .seatsUnavailable(taken) }
            if terms.current.preventOrphans {
                let orphans = OrphanRule.orphans(leftBy: wanted, plan: plan, seats: seats)
                guard orphans.isEmpty else { throw .orphanSeat(orphans) }
            }
            return .seats(wanted)
        case .area(let area, let quantity):
            guard areas[area].free >= quantity else { throw nothingLeft }
            return .area(area, quantity: quantity)
        case .best(let category, let quantity):
            guard
                let chosen = BestAvailable.choose(category: category, quantity: quantity, plan: plan, seats: seats)
            else { throw nothingLeft }
            return .seats(chosen)
        }
    }

    /// Too few places are free: either the event is sold out, or this part of it is taken for now.
    private var nothingLeft: Refusal {
        isSoldOut ? .soldOut : .seatsUnavailable([])
    }

    /// The buyer's live hold with this ID.
    /// - Throws: `.holdExpired` if the hold has ended, `.notFound` if it never existed or is another buyer's.
    public func liveHold(_ id: HoldID, buyer: BuyerID) throws(Refusal) -> Hold {
        guard wasMade(id) else { throw .notFound }
        guard let hold = holds[id.serial] else { throw .holdExpired }
        guard hold.buyer == buyer else { throw .notFound }
        return hold
    }

    mutating func release(_ id: HoldID, buyer: BuyerID, now: Timestamp, facts: inout [SaleFact]) throws(Refusal) {
        if let order = try liveHold(id, buyer: buyer).order { throw .holdOrdered(order) }
        record(SaleFact.HoldReleased(hold: id), at: now, facts: &facts)
    }

    /// Releases all holds made with a pass, except those being paid.
    public mutating func releaseHolds(
        of buyer: BuyerID, pass: PassID, now: Timestamp, facts: inout [SaleFact]
    ) {
        forgetBuyersLeftOff()
        for serial in buyers[buyer]?.holds ?? [] where holds[serial]?.pass == pass {
            record(SaleFact.HoldReleased(hold: HoldID(serial)), at: now, facts: &facts)
        }
    }
}
