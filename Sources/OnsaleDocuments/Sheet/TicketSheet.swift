package import OnsaleBus

/// What is on one ticket, in words.
package struct TicketSheet: Hashable, Sendable {
    package let eventSheet: EventSheet
    package let category: String
    /// In words: ``PlaceName``.
    package let place: String
    package let isSeat: Bool
    /// The order's public ID.
    package let order: String
    /// The ticket's public ID.
    package let ticket: String
    /// Its number among the tickets of its order, from 1.
    package let number: Int
    /// How many tickets the order has.
    package let count: Int
    /// What the door scans, as it was given.
    package let barcode: String

    /// The most tickets that an order's documents have.
    package static let ticketsMax = 200
    /// The longest barcode, in bytes: what a code of 60 mm still shows in modules of half a millimetre.
    package static let barcodeBytesMax = 1000
    /// The longest public ID, in bytes.
    package static let idBytesMax = 64

    package var language: DocumentLanguage { eventSheet.language }
    package var event: String { eventSheet.title }
    package var venue: String? { eventSheet.venue }
    package var startsAt: VenueTime { eventSheet.startsAt }

    /// The sheets of an order, in the order of its tickets.
    /// - Throws: ``UnprintableOrder``.
    package static func sheets(
        of message: OrderMessage, in language: DocumentLanguage, zones: some TimeZones
    ) throws(UnprintableOrder) -> [TicketSheet] {
        try sheets(of: message, EventSheet(message.event, in: language, zones: zones))
    }

    static func sheets(
        of message: OrderMessage, _ event: EventSheet
    ) throws(UnprintableOrder) -> [TicketSheet] {
        guard isID(message.order) else { throw UnprintableOrder("has no public ID that could name a file") }
        guard !message.tickets.isEmpty else { throw UnprintableOrder("has no tickets") }
        guard message.tickets.count <= ticketsMax else {
            throw UnprintableOrder("has \(message.tickets.count) tickets, more than \(ticketsMax)")
        }
        var sheets: [TicketSheet] = []
        for (index, ticket) in message.tickets.enumerated() {
            sheets.append(try TicketSheet(ticket, at: index + 1, of: message, event))
        }
        return sheets
    }

    private init(
        _ ticket: OrderMessage.Ticket, at number: Int, of message: OrderMessage, _ event: EventSheet
    ) throws(UnprintableOrder) {
        guard TicketSheet.isID(ticket.ticket) else {
            throw UnprintableOrder("has a ticket, number \(number), without a public ID")
        }
        guard (1...TicketSheet.barcodeBytesMax).contains(ticket.barcode.utf8.count),
            ticket.barcode.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw UnprintableOrder("has a ticket, number \(number), whose barcode is no token that fits on paper")
        }
        switch (ticket.seat, ticket.area) {
        case (let seat?, nil):
            place = PlaceName.seat(seat, in: event.language)
            isSeat = true
        case (nil, let area?):
            place = PlainText.line(area)
            isSeat = false
        default: throw UnprintableOrder("has a ticket, number \(number), without exactly one of seat and area")
        }
        eventSheet = event
        category = PlainText.line(ticket.category)
        order = message.order
        self.ticket = ticket.ticket
        self.number = number
        count = message.tickets.count
        barcode = ticket.barcode
    }

    /// Whether a text may be part of a file's name.
    static func isID(_ text: String) -> Bool {
        (1...idBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
