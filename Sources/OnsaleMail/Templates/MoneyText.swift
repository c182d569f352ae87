package import OnsaleValues

/// Amounts as people write them.
package enum MoneyText {
    /// - Parameter amount: in the currency's minor unit.
    package static func format(_ amount: Int64, _ currency: Currency, _ language: MailLanguage) -> String {
        let sign = amount < 0 ? "-" : ""
        let number = digits(amount.magnitude, minorDigits: currency.minorDigits)
        if language == .korean, let word = koreanWords[currency.code] { return sign + number + word }
        if language == .english, let symbol = symbols[currency.code] { return sign + symbol + number }
        return "\(sign)\(currency.code) \(number)"
    }

    private static let koreanWords = ["KRW": "원", "JPY": "엔", "USD": "달러", "EUR": "유로"]
    private static let symbols = ["KRW": "₩", "JPY": "¥", "USD": "US$", "EUR": "€", "GBP": "£"]

    private static func digits(_ amount: UInt64, minorDigits: Int) -> String {
        let all = String(amount)
        let padded = String(repeating: "0", count: max(0, minorDigits + 1 - all.count)) + all
        let whole = padded.dropLast(minorDigits)
        var grouped = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        return minorDigits == 0 ? grouped : grouped + "." + padded.suffix(minorDigits)
    }
}

/// When something begins where it takes place.
package struct VenueTime: Hashable, Sendable {
    package let moment: Timestamp
    /// How far the venue's clocks are ahead of UTC at that moment; nil where the zone isn't known.
    package let offsetMinutes: Int?

    package init(_ moment: Timestamp, offsetMinutes: Int?) {
        self.moment = moment
        self.offsetMinutes = offsetMinutes
    }

    /// `2027년 3월 1일 (월) 오후 7:00`, `Monday, 1 March 2027, 7:00 PM`; in UTC, and said so, where the zone isn't known.
    package func format(_ language: MailLanguage) -> String {
        let time = CivilTime(moment, offsetMinutes: offsetMinutes ?? 0)
        let isAfternoon = time.hour >= 12
        let clock = "\((time.hour + 11) % 12 + 1):\(twoDigits(time.minute))"
        let zone = offsetMinutes == nil ? " (UTC)" : ""
        switch language {
        case .korean:
            let weekday = VenueTime.koreanWeekdays[time.weekday]
            return "\(time.year)년 \(time.month)월 \(time.day)일 (\(weekday)) \(isAfternoon ? "오후" : "오전") \(clock)\(zone)"
        case .english:
            let day =
                "\(VenueTime.weekdays[time.weekday]), \(time.day) \(VenueTime.months[time.month - 1]) \(time.year)"
            return "\(day), \(clock) \(isAfternoon ? "PM" : "AM")\(zone)"
        }
    }

    private static let koreanWeekdays = ["일", "월", "화", "수", "목", "금", "토"]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
}
