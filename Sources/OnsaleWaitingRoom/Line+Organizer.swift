import OnsaleValues

/// What the organizer controls.
extension Line {
    mutating func commitDraw(seed: [UInt8], now: Timestamp, facts: inout [LineFact]) {
        guard self.seed == nil, places.count == 0, seed.count == Draw.seedBytes else { return }
        record(LineFact.DrawCommitted(seed: seed), at: now, facts: &facts)
    }

    mutating func pause(now: Timestamp, facts: inout [LineFact]) {
        if !isPaused { record(LineFact.Paused(), at: now, facts: &facts) }
    }

    mutating func resume(now: Timestamp, placesLeft: Int, facts: inout [LineFact]) {
        if isPaused { record(LineFact.Resumed(), at: now, facts: &facts) }
        admit(now: now, placesLeft: placesLeft, facts: &facts)
    }

    mutating func reschedule(
        _ change: ScheduleChange, now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) throws(LineRefusal) {
        let schedule = self.schedule.changed(by: change)
        // Numbers are given out at the opening; moving it later would undo them.
        if schedule.opensAt != self.schedule.opensAt, self.schedule.opensAt <= now { throw .hasOpened }
        guard schedule.isInOrder else { throw .outOfOrder }
        if schedule != self.schedule { record(LineFact.Rescheduled(schedule: schedule), at: now, facts: &facts) }
        withdrawCalls(now: now, facts: &facts)
        advance(to: now, placesLeft: placesLeft, facts: &facts)
    }
}
