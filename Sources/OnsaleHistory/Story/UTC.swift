import Foundation
package import OnsaleValues

/// Moments for people, in UTC.
package enum UTC {
    /// `2026-11-26 20:03:10`.
    package static func text(_ moment: Timestamp) -> String {
        let seconds = (Double(moment.milliseconds) / 1000).rounded(.down)
        return Date(timeIntervalSince1970: seconds).formatted(
            Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .gmt).year().month().day()
                .time(includingFractionalSeconds: false))
    }

    /// The time of day, `20:03:10`; with the date, where that is another than `other`'s.
    static func text(_ moment: Timestamp, beside other: Timestamp) -> String {
        let text = text(moment)
        return text.prefix(10) == self.text(other).prefix(10) ? String(text.dropFirst(11)) : text
    }

    /// For what only time has ended so far: the server makes a fact of that when it next runs.
    static func overdue(since end: Timestamp) -> String {
        "was to end at \(text(end)); the server has not written that down yet"
    }
}
