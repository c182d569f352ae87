public import OnsaleValues

/// What happens because time passes.
extension Line {
    /// Whether the lobby is open but no seed has been committed.
    public func needsSeed(at now: Timestamp) -> Bool {
        schedule.hasWaitingRoom && seed == nil && places.count == 0 && schedule.lobbyOpensAt.map { $0 <= now } ?? false
            && now < schedule.opensAt
    }

    /// Moves the clock: draws the numbers when the sale opens, ends due calls and passes, and gives their slots to the
    /// next in line.
    public mutating func advance(to now: Timestamp, placesLeft: Int, facts: inout [LineFact]) {
        see(now)
        if isDrawAhead, schedule.opensAt <= now {
            record(LineFact.Drawn(lobbySize: places.count, entrantsHash: entrants.value), at: now, facts: &facts)
        }
        if schedule.hasWaitingRoom, isSoldOut != (placesLeft == 0), schedule.opensAt <= now {
            if placesLeft == 0 {
                record(LineFact.SoldOut(), at: now, facts: &facts)
            } else {
                record(LineFact.SeatsReturned(), at: now, facts: &facts)
            }
        }
        while oldestPass <= lastPass {
            if let pass = passes[oldestPass] {
                guard pass.expiresAt <= now else { break }
                record(LineFact.PassExpired(pass: pass.id), at: now, facts: &facts)
            }
            oldestPass = oldestPass.next
        }
        while let call = nextCall, call.until <= now {
            record(LineFact.CallLapsed(place: call.place), at: now, facts: &facts)
        }
        admit(now: now, placesLeft: placesLeft, facts: &facts)
    }

    /// When ``advance(to:placesLeft:facts:)`` next has something to do; nil if never.
    public mutating func nextDue() -> Timestamp? {
        while oldestPass <= lastPass, passes[oldestPass] == nil { oldestPass = oldestPass.next }
        var due = passes[oldestPass]?.expiresAt
        func consider(_ moment: Timestamp?) {
            if let moment { due = min(due ?? moment, moment) }
        }
        consider(nextCall?.until)
        consider(nextIdle?.due)
        if schedule.hasWaitingRoom {
            if schedule.opensAt > clock { consider(schedule.opensAt) }
            if let lobbyOpensAt = schedule.lobbyOpensAt, seed == nil, lobbyOpensAt > clock { consider(lobbyOpensAt) }
        }
        return due
    }

    /// The call that ends first.
    private var nextCall: (place: PlaceID, until: Timestamp)? {
        mutating get {
            while let call = callQueue.first {
                if calls[call.place] == call.until { return call }
                callQueue.removeFirst()
            }
            return nil
        }
    }
}
