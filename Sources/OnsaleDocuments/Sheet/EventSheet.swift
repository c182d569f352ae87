package import OnsaleBus
import OnsaleValues

/// What all tickets of an event say, in words.
package struct EventSheet: Hashable, Sendable {
    package let language: DocumentLanguage
    package let title: String
    /// Nil where the organizer named none.
    package let venue: String?
    package let startsAt: VenueTime
    /// When it begins.
    let moment: Timestamp

    /// - Throws: ``UnprintableOrder``.
    package init(
        _ event: OnsaleEvent, in language: DocumentLanguage, zones: some TimeZones
    ) throws(UnprintableOrder) {
        guard let moment = RFC3339.parse(event.startsAt) else {
            throw UnprintableOrder("is for an event whose startsAt is no date-time of RFC 3339")
        }
        self.language = language
        self.moment = moment
        title = PlainText.line(event.title)
        let venue = PlainText.line(event.venue)
        self.venue = venue.isEmpty ? nil : venue
        startsAt = VenueTime(moment, in: event.timeZone, by: zones)
    }
}
