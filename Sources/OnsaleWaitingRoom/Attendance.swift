import OnsaleValues

/// What a line knows that no fact tells: who is present, and how fast it moves. It belongs to the process rather than
/// to the state, so it outlives a state that had to be read from the journal again.
public struct Attendance: Sendable {
    var presence: Presence
    var pace: Pace
    var lateness: Lateness
    var runningSince: Timestamp?

    /// Whether the line has not been driven since it was read.
    package var isFresh: Bool { runningSince == nil }
}

extension Line {
    public var attendance: Attendance {
        Attendance(presence: presence, pace: pace, lateness: lateness, runningSince: runningSince)
    }

    /// Goes on with the attendance of a line of the same event. Who had been passed over is looked at again, since the
    /// calls may not have come to the journal.
    public mutating func carryOn(_ attendance: Attendance) {
        presence = attendance.presence
        presence.recount { places.contains($0) && places[$0].isWaiting }
        lateness = attendance.lateness
        runningSince = attendance.runningSince
        guard schedule.hasWaitingRoom else { return }
        pace = attendance.pace
        pace.resume(occupied: passes.count + calls.count)
    }

    /// Knows of nobody whether they are present, like a line that was just read from a journal.
    public mutating func forgetAttendance() {
        carryOn(Attendance(presence: Presence(), pace: Pace(), lateness: Lateness(), runningSince: nil))
        returned = ReturnQueue()
        passedThrough = LineNumber(0)
        clock = Timestamp(milliseconds: .min)
    }
}
