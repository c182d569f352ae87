package import OnsaleValues

/// A day and a time of day somewhere.
package struct CivilTime: Hashable, Sendable {
    package let year: Int
    /// From 1.
    package let month: Int
    package let day: Int
    /// 0 is Sunday.
    package let weekday: Int
    package let hour: Int
    package let minute: Int
    package let second: Int

    /// What the clocks show where they are so many minutes ahead of UTC.
    package init(_ moment: Timestamp, offsetMinutes: Int = 0) {
        let seconds = floorDivision(moment.milliseconds, 1000).quotient + Int64(offsetMinutes) * 60
        let (days, rest) = floorDivision(seconds, 86_400)
        hour = Int(rest / 3600)
        minute = Int(rest / 60 % 60)
        second = Int(rest % 60)
        // 1970-01-01 was a Thursday.
        weekday = Int(floorDivision(days + 4, 7).rest)
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let (era, dayOfEra) = floorDivision(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

private func floorDivision(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, rest: Int64) {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
}

/// Moments as mails have them (RFC 5322, section 3.3).
enum MailDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func format(_ moment: Timestamp) -> String {
        let time = CivilTime(moment)
        return "\(weekdays[time.weekday]), \(twoDigits(time.day)) \(months[time.month - 1]) \(time.year) "
            + "\(twoDigits(time.hour)):\(twoDigits(time.minute)):\(twoDigits(time.second)) +0000"
    }
}

/// Padded with a zero.
func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
