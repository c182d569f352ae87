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
    /// How many of those who wait were last seen in a second, by the second's last bits, and which second that is.
    private var seen = [Int](repeating: 0, count: 32)
    private var secondOfSeen = [UInt32](repeating: 0, count: 32)

    mutating func begin(at now: Timestamp) {
        guard origin == nil else { return }
        // A place seen in the first second must not look like one never seen, which is 0.
        origin = now.milliseconds / 1000 - 1
    }

    /// - Parameter waits: whether its holder waits for a pass.
    mutating func see(_ place: PlaceID, waits: Bool, at now: Timestamp) {
        guard let origin else { return }
        if waits { leave(place) }
        if lastSeen.count < Int(place.serial) {
            lastSeen.append(contentsOf: repeatElement(0, count: Int(place.serial) - lastSeen.count))
        }
        let second = UInt32(clamping: now.milliseconds / 1000 - origin)
        lastSeen[Int(place.serial) - 1] = second
        if waits { count(second) }
    }

    /// The place's holder doesn't wait any more.
    mutating func leave(_ place: PlaceID) {
        guard Int(place.serial) <= lastSeen.count else { return }
        let second = lastSeen[Int(place.serial) - 1]
        let slot = Int(second % 32)
        if second > 0, secondOfSeen[slot] == second { seen[slot] -= 1 }
    }

    private mutating func count(_ second: UInt32) {
        let slot = Int(second % 32)
        if secondOfSeen[slot] != second { (secondOfSeen[slot], seen[slot]) = (second, 0) }
        seen[slot] += 1
    }

    /// Counts those who wait anew.
    mutating func recount(_ waits: (PlaceID) -> Bool) {
        (seen, secondOfSeen) = ([Int](repeating: 0, count: 32), [UInt32](repeating: 0, count: 32))
        let newest = lastSeen.max() ?? 0
        for (index, second) in lastSeen.enumerated()
        where second > 0 && newest - second < 32 && waits(PlaceID(UInt32(index) + 1)) {
            count(second)
        }
    }

    /// How many of those who wait were seen in the last thirty seconds, ignoring the grace after a start.
    func waitingSeen(at now: Timestamp) -> Int {
        guard let origin else { return 0 }
        let second = now.milliseconds / 1000 - origin
        return zip(seen, secondOfSeen).reduce(0) { sum, slot in
            second - Int64(slot.1) <= Int64(Presence.seconds) ? sum + slot.0 : sum
        }
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
