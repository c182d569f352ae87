package import OnsaleValues

/// Knows how far zones are from UTC. A port, since that changes by decree.
package protocol TimeZones: Sendable {
    /// - Parameter zone: IANA's name.
    /// - Returns: seconds east of UTC at a moment; nil for a zone that is unknown.
    func offsetSeconds(of zone: String, at moment: Timestamp) -> Int?
}

/// A moment as the clock at the venue shows it.
package struct VenueTime: Hashable, Sendable {
    package let year: Int
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    /// Days since Sunday.
    package let weekday: Int
    /// IANA's name, or `UTC`.
    package let zone: String
    package let offsetSeconds: Int

    /// - Parameter zone: IANA's name; UTC takes the place of none, and of one that nobody knows.
    package init(_ moment: Timestamp, in zone: String?, by zones: some TimeZones) {
        var known: (name: String, offset: Int)?
        if let zone, VenueTime.isName(zone), let offset = zones.offsetSeconds(of: zone, at: moment) {
            known = (zone, offset)
        }
        let local = moment.adding(seconds: known?.offset ?? 0)
        // A year that RFC 3339 can't write has no place on a ticket: better the moment itself, in UTC.
        let isWritable = local >= Timestamp(milliseconds: 0) && RFC3339.parse(RFC3339.format(local)) == local
        let (name, offset) = isWritable ? known ?? ("UTC", 0) : ("UTC", 0)
        let shown = isWritable ? local : moment
        let digits = RFC3339.format(shown).utf8.map { Int($0) - Int(UInt8(ascii: "0")) }
        year = digits[0..<4].reduce(0) { $0 * 10 + $1 }
        month = digits[5] * 10 + digits[6]
        day = digits[8] * 10 + digits[9]
        hour = digits[11] * 10 + digits[12]
        minute = digits[14] * 10 + digits[15]
        // 1970 began on a Thursday.
        let days = Int((Double(shown.milliseconds) / 86_400_000).rounded(.down))
        weekday = ((days + 4) % 7 + 7) % 7
        self.zone = name
        offsetSeconds = offset
    }

    /// What IANA's names are made of: letters, digits and `/_+-`.
    private static func isName(_ zone: String) -> Bool {
        (1...64).contains(zone.utf8.count)
            && zone.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension VenueTime {
    /// `2027년 3월 1일 월요일`, `Monday, 1 March 2027`.
    package func date(in language: DocumentLanguage) -> String {
        switch language {
        case .korean: "\(year)년 \(month)월 \(day)일 \(VenueTime.koreanDays[weekday])요일"
        case .english: "\(VenueTime.englishDays[weekday]), \(day) \(VenueTime.englishMonths[month - 1]) \(year)"
        }
    }

    /// `오후 7:30`, `19:30`.
    package func time(in language: DocumentLanguage) -> String {
        let minutes = (minute < 10 ? "0" : "") + "\(minute)"
        switch language {
        case .korean: return "\(hour < 12 ? "오전" : "오후") \((hour + 11) % 12 + 1):\(minutes)"
        case .english: return (hour < 10 ? "0" : "") + "\(hour):\(minutes)"
        }
    }

    /// `Asia/Seoul (UTC+09:00)`, or `UTC`.
    package var zoneName: String {
        guard zone != "UTC" else { return zone }
        let minutes = abs(offsetSeconds) / 60
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "\(zone) (UTC\(offsetSeconds < 0 ? "−" : "+")\(two(minutes / 60)):\(two(minutes % 60)))"
    }

    private static let koreanDays = ["일", "월", "화", "수", "목", "금", "토"]
    private static let englishDays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let englishMonths = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
}
