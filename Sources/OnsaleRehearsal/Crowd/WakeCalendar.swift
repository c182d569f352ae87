/// When to wake whom, in steps of a twentieth of a second: fifty thousand timers for the price of a dictionary.
struct WakeCalendar: Sendable {
    private static let stepsPerSecond = 20.0
    /// The latest moment in the calendar, long after any rehearsal has ended.
    private static let secondMax = 1_000_000.0

    private var slots: [Int: [Int]] = [:]
    private var next = 0

    /// Schedules a fan for a moment, or as soon after it as possible.
    mutating func add(_ fan: Int, at second: Double) {
        let slot = Int((min(second, WakeCalendar.secondMax) * WakeCalendar.stepsPerSecond).rounded(.up))
        slots[max(next, slot), default: []].append(fan)
    }

    /// Removes and returns everyone due. A fan scheduled twice comes twice.
    mutating func takeDue(by now: Double) -> [Int] {
        var due: [Int] = []
        let last = Int(now * WakeCalendar.stepsPerSecond)
        while next <= last {
            if let fans = slots.removeValue(forKey: next) { due += fans }
            next += 1
        }
        return due
    }
}
