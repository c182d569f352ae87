import Foundation

/// Which events have a label of their own in the metrics: the busiest fifty. All others share ``rest``, so the number
/// of series is bounded however many events there are.
///
/// Who is busy is counted with a half-life of ten minutes. A newcomer takes the place of the least busy only when it is
/// twice as busy, so that labels don't flicker.
struct BusyEvents {
    static let max = 50
    /// No event can have this ID.
    static let rest = "_other"
    private static let halfLifeSeconds = 600.0

    private struct Score {
        var value: Double
        var at: Double

        func decayed(to now: Double) -> Double {
            now > at ? value * exp2(-(now - at) / BusyEvents.halfLifeSeconds) : value
        }
    }

    private var scores: [String: Score] = [:]
    /// Events with a label of their own.
    private(set) var labelled: Set<String> = []

    /// Counts `facts` of an event.
    /// - Parameter now: seconds on any clock that doesn't go back.
    /// - Returns: the label in force, and the event that lost its label for it, if any.
    mutating func note(_ event: String, facts: Int, now: Double) -> (label: String, displaced: String?) {
        let score = (scores[event]?.decayed(to: now) ?? 0) + Double(facts)
        scores[event] = Score(value: score, at: now)
        if labelled.contains(event) { return (event, nil) }
        if labelled.count < BusyEvents.max {
            labelled.insert(event)
            return (event, nil)
        }
        // Sorted by name where equally busy, so that the same history gives the same labels.
        let least = labelled.map { (scores[$0]?.decayed(to: now) ?? 0, $0) }.min { $0 < $1 }
        guard let least, score > 2 * least.0 + 1 else { return (BusyEvents.rest, nil) }
        labelled.remove(least.1)
        labelled.insert(event)
        return (event, least.1)
    }

    func label(of event: String) -> String { labelled.contains(event) ? event : BusyEvents.rest }

    mutating func forget(_ event: String) {
        scores[event] = nil
        labelled.remove(event)
    }
}
