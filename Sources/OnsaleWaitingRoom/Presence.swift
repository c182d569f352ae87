import OnsaleValues

/// Who is present. Soft: never journaled, so it starts over after a restart.
///
/// Holders who have neither listened nor asked for thirty seconds are absent; for thirty seconds after a start nobody
/// is.
struct Presence: Sendable {
    static let seconds = 30

    /// Seconds since `origin` at which each place was last seen; 0 for never.
    private var lastSeen: [UInt32] = []
    private var origin: Int64?

    mutating func begin(at now: Timestamp) {
        guard origin == nil else { return }
        // A place seen in the first second must not look like one never seen, which is 0.
        origin = now.milliseconds / 1000 - 1
    }

    mutating func see(_ place: PlaceID, at now: Timestamp) {
        guard let origin else { return }
        if lastSeen.count < Int(place.serial) {
            lastSeen.append(contentsOf: repeatElement(0, count: Int(place.serial) - lastSeen.count))
        }
        lastSeen[Int(place.serial) - 1] = UInt32(clamping: now.milliseconds / 1000 - origin)
    }

    /// Whether the place was seen in the last thirty seconds, ignoring the grace after a start.
    func isSeen(_ place: PlaceID, at now: Timestamp) -> Bool {
        guard let origin, Int(place.serial) <= lastSeen.count, lastSeen[Int(place.serial) - 1] > 0 else { return false }
        return now.milliseconds / 1000 - origin - Int64(lastSeen[Int(place.serial) - 1]) <= Int64(Presence.seconds)
    }

    func isGrace(at now: Timestamp) -> Bool {
        guard let origin else { return true }
        return now.milliseconds / 1000 - origin - 1 < Int64(Presence.seconds)
    }
}
