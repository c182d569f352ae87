/// Who is to be woken when, in steps of a twentieth of a second: fifty thousand timers for the price of a dictionary.
struct WakeCalendar: Sendable {
    private static let stepsPerSecond = 20.0
    /// Nobody is woken later than this; a rehearsal is over long before.
    private static let secondMax = 1_000_000.0

    private var slots: [Int: [Int]] = [:]
    private var next = 0

    /// Notes a fan to be woken at a moment, or as soon after as possible.
    mutating func add(_ fan: Int, at second: Double) {
        let slot = Int((min(second, WakeCalendar.secondMax) * WakeCalendar.stepsPerSecond).rounded(.up))
        slots[max(next, slot), default: []].append(fan)
    }

    /// Takes out everybody whose moment has come. A fan noted twice comes twice.
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
