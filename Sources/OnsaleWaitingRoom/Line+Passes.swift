public import OnsaleValues

/// Passes that end before their time.
extension Line {
    /// A pass that may have been idle too long. The caller checks whether its holder has a hold or an order in
    /// progress, then calls ``settleDuePass(isIdle:now:facts:)``.
    public mutating func duePass(at now: Timestamp) -> Pass? {
        guard let head = nextIdle, head.due <= now else { return nil }
        return passes[head.pass]
    }

    /// Ends the pass that ``duePass(at:)`` returned if its holder is idle; otherwise it stays until the holder's hold
    /// or order ends.
    public mutating func settleDuePass(isIdle: Bool, now: Timestamp, facts: inout [LineFact]) {
        guard let head = nextIdle else { return }
        idleQueue.removeFirst()
        if isIdle { record(LineFact.PassEnded(pass: head.pass, why: .idle), at: now, facts: &facts) }
    }

    /// Restarts the idle time of the buyer's pass, because a hold or an order of theirs ended.
    public mutating func noteEnd(of buyer: BuyerID, at now: Timestamp) {
        guard let place = places.place(of: buyer), let pass = passOfPlace[place] else { return }
        passes[pass]?.idleSince = now
        idleQueue.append((pass, now))
    }

    /// Counts a declined payment made with the pass.
    public mutating func countDecline(of id: PassID) {
        guard let declines = passes[id]?.declines, declines < .max else { return }
        passes[id]?.declines = declines + 1
    }

    /// Ends a pass that has had too many declined payments.
    /// - Returns: the pass, if this call ended it.
    public mutating func endDeclined(pass id: PassID, now: Timestamp, facts: inout [LineFact]) -> Pass? {
        guard let pass = passes[id], Int(pass.declines) >= Line.declinesMax else { return nil }
        record(LineFact.PassEnded(pass: id, why: .declines), at: now, facts: &facts)
        return pass
    }

    /// Whether declined payments ended the pass.
    public func hasEndedByDeclines(_ pass: PassID) -> Bool { declinedPasses.contains(pass) }

    var nextIdle: (pass: PassID, due: Timestamp)? {
        mutating get {
            while let head = idleQueue.first {
                if passes[head.pass]?.idleSince == head.since {
                    let since = max(head.since, runningSince ?? head.since)
                    return (head.pass, since.adding(seconds: schedule.passIdleSeconds))
                }
                idleQueue.removeFirst()
            }
            return nil
        }
    }
}
