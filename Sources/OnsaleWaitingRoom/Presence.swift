import OnsaleValues

/// Who is there: soft, never journaled, and so begun anew after a restart.
///
/// Whoever has neither listened nor asked for thirty seconds is absent; in the first thirty after a start nobody is.
struct Presence: Sendable {
    static let seconds = 30

    /// Seconds since `origin` at which each place was last seen; 0 for never.
    private var lastSeen: [UInt32] = []
    private var origin: Int64?

    mutating func begin(at now: Timestamp) {
        guard origin == nil else { return }
        // So that a place seen in the first second is not taken for one never seen.
        origin = now.milliseconds / 1000 - 1
    }

    mutating func see(_ place: PlaceID, at now: Timestamp) {
        guard let origin else { return }
        if lastSeen.count < Int(place.serial) {
            lastSeen.append(contentsOf: repeatElement(0, count: Int(place.serial) - lastSeen.count))
        }
        lastSeen[Int(place.serial) - 1] = UInt32(clamping: now.milliseconds / 1000 - origin)
    }

    /// Whether the place was seen lately; the grace after a start does not count here.
    func isSeen(_ place: PlaceID, at now: Timestamp) -> Bool {
        guard let origin, Int(place.serial) <= lastSeen.count, lastSeen[Int(place.serial) - 1] > 0 else { return false }
        return now.milliseconds / 1000 - origin - Int64(lastSeen[Int(place.serial) - 1]) <= Int64(Presence.seconds)
    }

    func isGrace(at now: Timestamp) -> Bool {
        guard let origin else { return true }
        return now.milliseconds / 1000 - origin - 1 < Int64(Presence.seconds)
    }

    /// When the grace ends.
    var graceEnd: Timestamp? {
        origin.map { Timestamp(milliseconds: ($0 + 1 + Int64(Presence.seconds)) * 1000) }
    }
}
