package import OnsaleBus
package import OnsaleValues

/// An order's event for a calendar (RFC 5545).
///
/// It begins in UTC, which every calendar shows in its owner's zone, and says the venue's own time in words. It has no
/// end: the organizer gives none, and a guess could be wrong. There is no METHOD, so it is a file to add, not an
/// invitation to answer.
package struct OrderCalendar: Sendable {
    private let order: String
    private let lines: [(name: String, value: String)]
    private let isCancelled: Bool

    /// - Parameters:
    ///   - moment: when the order came to be so: when it was placed, or cancelled.
    ///   - isCancelled: whether its tickets are void.
    /// - Throws: ``UnprintableOrder``.
    package init(
        _ message: OrderMessage, in language: DocumentLanguage, zones: some TimeZones, at moment: Timestamp,
        isCancelled: Bool
    ) throws(UnprintableOrder) {
        try self.init(
            TicketSheet.sheets(of: message, in: language, zones: zones), at: moment, isCancelled: isCancelled)
    }

    init(_ sheets: [TicketSheet], at moment: Timestamp, isCancelled: Bool) throws(UnprintableOrder) {
        guard let sheet = sheets.first else { throw UnprintableOrder("has no tickets") }
        let language = sheet.language
        order = sheet.order
        self.isCancelled = isCancelled
        let time = sheet.startsAt
        let start = "\(time.date(in: language)) \(time.time(in: language)), \(time.zoneName)"
        let places = sheets.map { "\($0.number) / \($0.count): \($0.place) (\($0.category))" }
        let words = TicketWords(language: language)
        let description = ([start] + places + ["\(words.order): \(sheet.order)"]).joined(separator: "\n")
        var lines = [
            // The same for ever, so that a calendar changes its entry instead of adding another.
            ("UID", "\(sheet.order)@onsale"), ("DTSTAMP", OrderCalendar.utc(moment)),
            ("DTSTART", OrderCalendar.utc(sheet.eventSheet.moment)),
            ("SUMMARY", ContentLine.escaped(sheet.event)),
        ]
        if let venue = sheet.venue { lines.append(("LOCATION", ContentLine.escaped(venue))) }
        lines += [
            ("DESCRIPTION", ContentLine.escaped(description)),
            ("SEQUENCE", isCancelled ? "1" : "0"), ("STATUS", isCancelled ? "CANCELLED" : "CONFIRMED"),
        ]
        self.lines = lines
    }

    package var file: RenderedFile {
        var all: [(name: String, value: String)] = [
            ("BEGIN", "VCALENDAR"), ("VERSION", "2.0"), ("PRODID", "-//Onsale//Tickets//EN"),
            ("CALSCALE", "GREGORIAN"), ("BEGIN", "VEVENT"),
        ]
        all += lines
        all += [("END", "VEVENT"), ("END", "VCALENDAR")]
        let text = all.map { ContentLine.folded("\($0.name):\($0.value)") + "\r\n" }.joined()
        return RenderedFile(
            name: order + (isCancelled ? "-cancelled.ics" : ".ics"), contentType: "text/calendar; charset=utf-8",
            bytes: Array(text.utf8))
    }

    /// Section 3.3.5, form 2: `20270301T100000Z`.
    private static func utc(_ moment: Timestamp) -> String {
        RFC3339.format(moment).prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}

/// A line of a calendar's file.
enum ContentLine {
    private static let octetsMax = 75

    /// Text by section 3.3.11.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", ";", ",": escaped += "\\\(scalar)"
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Folded by section 3.1, never inside a scalar.
    static func folded(_ line: String) -> String {
        var folded = ""
        var octets = 0
        for scalar in line.unicodeScalars {
            let count = String(scalar).utf8.count
            if octets + count > octetsMax {
                folded += "\r\n "
                octets = 1
            }
            folded.unicodeScalars.append(scalar)
            octets += count
        }
        return folded
    }
}
