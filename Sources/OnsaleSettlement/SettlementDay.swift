public import OnsaleValues

/// The offset from UTC, in seconds, of a time zone by its IANA name at a moment. The caller knows the zones; it decides
/// what counts where the organizer named none.
public typealias ZoneOffset = @Sendable (_ timeZone: String?, _ moment: Timestamp) -> Int

/// A day of the calendar where an event takes place: `2027-03-01`.
public struct SettlementDay: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let description: String

    /// No zone is further from UTC than a day.
    private static let offsetSecondsMax = 86_400

    /// The day of a moment.
    /// - Parameter offsetSeconds: how far the zone is ahead of UTC then.
    public init(_ moment: Timestamp, offsetSeconds: Int) {
        let offset = max(-SettlementDay.offsetSecondsMax, min(offsetSeconds, SettlementDay.offsetSecondsMax))
        let last = Timestamp(milliseconds: SettlementDay.millisecondsMax)
        let local = min(max(moment, Timestamp(milliseconds: 0)), last).adding(seconds: offset)
        description = String(RFC3339.format(min(local, last)).prefix(10))
    }

    /// - Returns: nil unless it is a day of the years 1970 to 9999, as ``description`` writes it.
    public init?(_ text: String) {
        guard text.utf8.count == 10, let moment = RFC3339.parse(text + "T00:00:00Z") else { return nil }
        self.init(moment, offsetSeconds: 0)
    }

    public static func < (left: SettlementDay, right: SettlementDay) -> Bool { left.description < right.description }

    /// The last millisecond of the year 9999.
    private static let millisecondsMax: Int64 = 253_402_300_799_999
}
