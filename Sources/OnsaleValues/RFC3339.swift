/// Moments in RFC 3339: `2027-03-01T10:00:00.000Z`.
package enum RFC3339 {
    /// UTC with milliseconds.
    package static func format(_ moment: Timestamp) -> String {
        String(unsafeUninitializedCapacity: 24) { buffer in
            let (days, milliseconds) = moment.milliseconds.flooredQuotientAndRemainder(dividingBy: 86_400_000)
            let (year, month, day) = civil(days)
            func put(_ value: Int64, _ digits: Int, at start: Int) {
                var rest = value
                for index in stride(from: start + digits - 1, through: start, by: -1) {
                    buffer[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
            }
            put(year, 4, at: 0)
            buffer[4] = UInt8(ascii: "-")
            put(month, 2, at: 5)
            buffer[7] = UInt8(ascii: "-")
            put(day, 2, at: 8)
            buffer[10] = UInt8(ascii: "T")
            put(milliseconds / 3_600_000, 2, at: 11)
            buffer[13] = UInt8(ascii: ":")
            put(milliseconds / 60_000 % 60, 2, at: 14)
            buffer[16] = UInt8(ascii: ":")
            put(milliseconds / 1000 % 60, 2, at: 17)
            buffer[19] = UInt8(ascii: ".")
            put(milliseconds % 1000, 3, at: 20)
            buffer[23] = UInt8(ascii: "Z")
            return 24
        }
    }

    /// Reads a date-time with any offset, in the years 1970 to 9999 both as written and in UTC; nil for anything else.
    /// Leap seconds are refused, since a count of seconds since 1970 has no place for them.
    package static func parse(_ text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 40 else { return nil }
        func number(_ start: Int, _ digits: Int) -> Int64? {
            guard start + digits <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[start..<start + digits] {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2), bytes[4] == UInt8(ascii: "-"),
            bytes[7] == UInt8(ascii: "-"),
            [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(bytes[10]),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"), year >= 1970, (1...12).contains(month),
            day >= 1, hour < 24, minute < 60, second < 60
        else { return nil }
        let days = days(year, month, day)
        guard civil(days) == (year, month, day) else { return nil }
        var index = 19
        var milliseconds: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            var scale: Int64 = 100
            index += 1
            let start = index
            while index < bytes.count, let digit = number(index, 1) {
                milliseconds += digit * scale
                scale /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        guard index < bytes.count else { return nil }
        var offsetMinutes: Int64 = 0
        switch bytes[index] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): guard index + 1 == bytes.count else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard index + 6 == bytes.count, let hours = number(index + 1, 2), let minutes = number(index + 4, 2),
                bytes[index + 3] == UInt8(ascii: ":"), hours < 24, minutes < 60
            else { return nil }
            offsetMinutes = (hours * 60 + minutes) * (bytes[index] == UInt8(ascii: "+") ? 1 : -1)
        default: return nil
        }
        let seconds = ((days * 24 + hour) * 60 + minute - offsetMinutes) * 60 + second
        guard seconds >= 0, seconds < RFC3339.year10000 else { return nil }
        return Timestamp(milliseconds: seconds * 1000 + milliseconds)
    }

    /// 10000-01-01T00:00:00Z, in seconds.
    private static let year10000: Int64 = 253_402_300_800

    /// Days since 1970-01-01 to a date of the proleptic Gregorian calendar, and back.
    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days and days_from_civil.
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredQuotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
