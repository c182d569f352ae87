public import OnsaleValues

/// What each fact changes.
extension Line {
    public mutating func replay(_ fact: LineFact, at now: Timestamp) throws(ContradictoryFact) {
        pace.elapse(to: now)
        switch fact {
        case .joined(let buyer, let place): try joined(buyer, place)
        case .passGranted(let pass, let buyer, let place, let expiresAt):
            try granted(pass, buyer, place, at: now, until: expiresAt)
        case .passExpired(let pass), .passGivenUp(let pass): try end(pass: pass)
        case .passEnded(let pass, let why):
            try end(pass: pass)
            if why == .declines { declinedPasses.insert(pass) }
        case .paused: isPaused = true
        case .resumed: isPaused = false
        case .rescheduled(let schedule): self.schedule = schedule
        case .drawCommitted(let seed):
            guard self.seed == nil, places.count == 0, seed.count == Draw.seedBytes else {
                throw ContradictoryFact("a seed is committed to once, before anybody joins")
            }
            self.seed = seed
        case .drawn(let lobbySize, let entrantsHash):
            guard let seed, draw == nil, lobbySize == places.count, entrantsHash == entrants.value else {
                throw ContradictoryFact("the draw is not of these entrants")
            }
            draw = DrawResult(seed: seed, entrantsHash: entrantsHash, lobbySize: lobbySize)
        case .called(let place, let until): try called(place, until: until)
        case .callLapsed(let place):
            guard calls.removeValue(forKey: place) != nil else {
                throw ContradictoryFact("place \(place.serial) is not called")
            }
            places[place] = .lapsed
            pace.slotEnded()
        case .soldOut: endEverything()
        case .seatsReturned: isSoldOut = false
        case .callWithdrawn(let place):
            guard calls.removeValue(forKey: place) != nil else {
                throw ContradictoryFact("place \(place.serial) is not called")
            }
            places[place] = .waiting
            front.insert(number(of: place))
            pace.callWithdrawn()
        case .moved(let place, let new): try moved(place, to: new)
        }
    }

    private mutating func joined(_ buyer: BuyerID, _ place: PlaceID) throws(ContradictoryFact) {
        guard place == places.next, places.place(of: buyer).map({ places[$0] == .spent }) ?? true else {
            throw ContradictoryFact("place \(place.serial) is out of turn")
        }
        places.append(buyer)
        waiting += 1
        if isDrawAhead { entrants.add(buyer.text) }
    }

    private mutating func moved(_ place: PlaceID, to new: PlaceID) throws(ContradictoryFact) {
        guard new == places.next, places.contains(place), !isDrawAhead,
            places[place] == .waiting || places[place] == .lapsed
        else { throw ContradictoryFact("place \(place.serial) can't go to the end") }
        places[place] = .moved
        places.append(places.buyer(of: place))
    }

    private mutating func granted(
        _ id: PassID, _ buyer: BuyerID, _ place: PlaceID, at now: Timestamp, until expiresAt: Timestamp
    ) throws(ContradictoryFact) {
        guard id == lastPass.next, places.contains(place), places.buyer(of: place) == buyer,
            places[place] == (schedule.hasWaitingRoom ? .called : .waiting)
        else {
            throw ContradictoryFact("pass \(id.serial) is out of turn")
        }
        // Its slot goes over from the call to the pass.
        calls[place] = nil
        lastPass = id
        places[place] = .admitted
        passOfPlace[place] = id
        passes[id] = Pass(
            id: id, buyer: buyer, place: place, grantedAt: now, expiresAt: expiresAt, idleSince: now)
        idleQueue.append((id, now))
        waiting -= 1
    }

    private mutating func called(_ place: PlaceID, until: Timestamp) throws(ContradictoryFact) {
        guard places.contains(place), places[place] == .waiting || places[place] == .lapsed, !isDrawAhead else {
            throw ContradictoryFact("place \(place.serial) can't be called")
        }
        guard passes.count + calls.count < schedule.maxActiveShoppers else {
            throw ContradictoryFact("place \(place.serial) is called over the cap")
        }
        places[place] = .called
        calls[place] = until
        callQueue.append((place, until))
        let number = number(of: place)
        pace.called(passingOver: number > admittedThrough ? Int(number.serial - admittedThrough.serial) - 1 : -1)
        admittedThrough = max(admittedThrough, number)
    }

    private mutating func end(pass id: PassID) throws(ContradictoryFact) {
        guard let pass = passes.removeValue(forKey: id) else {
            throw ContradictoryFact("pass \(id.serial) does not live")
        }
        end(pass)
    }

    private mutating func end(_ pass: Pass) {
        passOfPlace[pass.place] = nil
        places[pass.place] = .spent
        if schedule.hasWaitingRoom { pace.slotEnded() }
    }

    private mutating func endEverything() {
        isSoldOut = true
        for pass in passes.values { end(pass) }
        passes.removeAll()
        for place in calls.keys {
            places[place] = .waiting
            // Whoever is still there when seats return goes first.
            front.insert(number(of: place))
        }
        calls.removeAll()
        pace = Pace()
    }
}

extension Line.DrawResult {
    init(seed: [UInt8], entrantsHash: [UInt8], lobbySize: UInt32) {
        self.seed = seed
        self.entrantsHash = entrantsHash
        numbers = Draw.numbers(seed: seed, count: Int(lobbySize)).map(LineNumber.init)
        var places = [PlaceID](repeating: PlaceID(0), count: numbers.count)
        for (index, number) in numbers.enumerated() { places[Int(number.serial) - 1] = PlaceID(UInt32(index) + 1) }
        self.places = places
    }
}
