import OnsaleValues

/// What people in line ask for: places and passes.
extension Line {
    mutating func join(
        _ buyer: BuyerID, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) -> (place: Place, isNew: Bool) {
        let known = places.place(of: buyer)
        if let known, places[known] != .spent {
            let place = see(place: known, now: now, facts: &facts)
            return (self.place(place), isNew: false)
        }
        let phase = phase(at: now)
        // With a waiting room, nobody can join before the line exists; without one, joining early is fine.
        guard phase != .closed, phase != .scheduled || !schedule.hasWaitingRoom else { throw .closed }
        guard waiting + passes.count < Int(Line.placesMax), places.count < Line.placesEverMax else {
            throw .full
        }
        record(LineFact.Joined(buyer: buyer, place: places.next), at: now, facts: &facts)
        let new = places.last
        see(place: new, now: now, facts: &facts)
        admit(now: now, placesLeft: placesLeft, facts: &facts)
        return (place(new), isNew: true)
    }

    mutating func claimPass(
        of place: PlaceID, buyer: BuyerID, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) -> Pass {
        guard places.contains(place), places.buyer(of: place) == buyer else { throw .placeSpent }
        var place = current(place)
        guard places[place] != .spent else { throw .placeSpent }
        if let id = passOfPlace[place], let pass = passes[id] { return pass }
        // Only claiming brings back a holder who missed a call; being present does not.
        place = see(place: place, asks: true, now: now, facts: &facts)
        switch phase(at: now) {
        case .closed: throw .closed
        case .soldOut where schedule.hasWaitingRoom: throw .soldOut
        case .scheduled where !schedule.hasWaitingRoom, .lobby where !schedule.hasWaitingRoom:
            throw .closed
        default: break
        }
        guard schedule.hasWaitingRoom else { return try grant(place, buyer, now: now, facts: &facts) }
        if places[place] != .called { admit(now: now, placesLeft: placesLeft, facts: &facts) }
        guard places[place] == .called else { throw notAdmitted(place, now: now, placesLeft: placesLeft) }
        return try grant(place, buyer, now: now, facts: &facts)
    }

    private mutating func grant(
        _ place: PlaceID, _ buyer: BuyerID, now: Timestamp, facts: inout [LineFact]
    ) throws(LineRefusal) -> Pass {
        let id = lastPass.next
        record(
            LineFact.PassGranted(
                pass: id, buyer: buyer, place: place, expiresAt: now.adding(seconds: schedule.passSeconds)),
            at: now, facts: &facts)
        guard let pass = passes[id] else { throw .placeSpent }
        return pass
    }

    private func notAdmitted(_ place: PlaceID, now: Timestamp, placesLeft: Int) -> LineRefusal {
        let untilOpening = Int(max(0, schedule.opensAt.milliseconds - now.milliseconds + 999) / 1000)
        guard !isDrawAhead, untilOpening == 0 else { return .notAdmitted(position: nil, etaSeconds: untilOpening) }
        let number = number(of: place)
        let position = number > admittedThrough ? number.serial - admittedThrough.serial : 0
        let perSecond = max(numbersPerMinute(placesLeft: placesLeft) / 60, 0.001)
        return .notAdmitted(
            position: position, etaSeconds: Int(min(86_400, (Double(max(1, position)) / perSecond).rounded(.up))))
    }

    mutating func giveUp(
        _ pass: PassID, buyer: BuyerID, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) {
        guard livingPass(pass, buyer: buyer) != nil else { throw .passEnded }
        record(LineFact.PassGivenUp(pass: pass), at: now, facts: &facts)
        admit(now: now, placesLeft: placesLeft, facts: &facts)
    }

    mutating func see(_ places: [PlaceID], now: Timestamp, placesLeft: Int, facts: inout [LineFact]) {
        for place in places where self.places.contains(place) { see(place: current(place), now: now, facts: &facts) }
        admit(now: now, placesLeft: placesLeft, facts: &facts)
    }
}
