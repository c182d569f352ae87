import OnsaleValues

/// Who goes next.
extension Line {
    /// Calls the next present numbers while slots are free. A slot is a live pass or an open call.
    mutating func admit(now: Timestamp, placesLeft: Int, facts: inout [LineFact]) {
        guard schedule.hasWaitingRoom, !isDrawAhead, phase(at: now) == .open else { return }
        let slots = slots(placesLeft: placesLeft)
        while passes.count + calls.count < slots, let place = takeNext(at: now) {
            record(LineFact.Called(place: place, until: now.adding(seconds: Line.callSeconds)), at: now, facts: &facts)
        }
    }

    /// Takes the place that goes next: the smallest present number among those who returned and those not yet looked
    /// at.
    private mutating func takeNext(at now: Timestamp) -> PlaceID? {
        while let number = returned.first, !isBack(place(of: number), at: now) { returned.removeFirst() }
        let isGrace = presence.isGrace(at: now)
        while passedThrough.serial < places.count, returned.first.map({ passedThrough.next < $0 }) ?? true {
            passedThrough = passedThrough.next
            lateness.notePassing(passedThrough, at: now)
            let place = place(of: passedThrough)
            if places[place] == .waiting, isGrace || presence.isSeen(place, at: now) { return place }
        }
        guard let number = returned.first else { return nil }
        returned.removeFirst()
        return place(of: number)
    }

    private func isBack(_ place: PlaceID, at now: Timestamp) -> Bool {
        switch places[place] {
        case .waiting: presence.isGrace(at: now) || presence.isSeen(place, at: now)
        // It was called and its holder didn't come, so grace doesn't count: the holder must be seen again.
        case .lapsed: presence.isSeen(place, at: now)
        default: false
        }
    }

    /// Marks a place's holder present. A holder passed over while absent goes back to the front, or, if that was too
    /// long ago, gets a new place at the end.
    /// - Parameter asks: whether the holder is claiming the pass.
    /// - Returns: the place the holder has now.
    @discardableResult
    mutating func see(
        place: PlaceID, asks: Bool = false, now: Timestamp, facts: inout [LineFact]
    ) -> PlaceID {
        presence.see(place, waits: places[place].isWaiting, at: now)
        guard !isDrawAhead else { return place }
        let number = number(of: place)
        switch places[place] {
        case .waiting where number <= passedThrough: break
        case .lapsed where asks: break
        default: return place
        }
        guard !returned.contains(number) else { return place }
        guard schedule.hasWaitingRoom, lateness.isTooLate(number, at: now, seconds: schedule.frontSeconds),
            places.count < Line.placesEverMax
        else {
            returned.insert(number)
            return place
        }
        let new = places.next
        record(LineFact.Moved(place: place, to: new), at: now, facts: &facts)
        presence.see(new, waits: true, at: now)
        return new
    }

    /// The holder's current place, if this one was moved to the end; otherwise the place itself.
    func current(_ place: PlaceID) -> PlaceID {
        guard places[place] == .moved else { return place }
        return places.place(of: places.buyer(of: place)) ?? place
    }

    /// After the cap is lowered, withdraws the calls beyond it, largest numbers first.
    mutating func withdrawCalls(now: Timestamp, facts: inout [LineFact]) {
        let excess = passes.count + calls.count - schedule.maxActiveShoppers
        guard schedule.hasWaitingRoom, excess > 0, !calls.isEmpty else { return }
        let last = calls.keys.sorted { number(of: $0) > number(of: $1) }.prefix(excess)
        for place in last { record(LineFact.CallWithdrawn(place: place), at: now, facts: &facts) }
    }
}
