package import OnsaleBus
package import OnsaleValues

/// What mails say of an order.
package struct MailedOrder: Hashable, Sendable {
    package let message: OrderMessage
    package let currency: Currency
    package let startsAt: VenueTime
    /// Where the buyer sees the order.
    package let link: WebLink?

    /// - Returns: nil if the currency is none that people pay with.
    package init?(_ message: OrderMessage, startsAt: VenueTime, link: WebLink? = nil) {
        guard let currency = Currency(code: message.event.currency) else { return nil }
        self.message = message
        self.currency = currency
        self.startsAt = startsAt
        self.link = link
    }

    /// The same, in the zone that the message names.
    /// - Returns: nil if its currency or its time is none.
    package init?(_ message: OrderMessage, link: WebLink? = nil) {
        guard let moment = RFC3339.parse(message.event.startsAt) else { return nil }
        self.init(message, startsAt: VenueTime(moment, zone: message.event.timeZone), link: link)
    }

    func money(_ amount: Int64, _ language: MailLanguage) -> String { MoneyText.format(amount, currency, language) }

    var seats: [String] {
        message.tickets.prefix(MailedOrder.ticketsMax).map { ticket in
            let place = ticket.seat ?? ticket.area ?? ""
            return place.isEmpty ? ticket.category : "\(ticket.category) · \(place)"
        }
    }

    /// More are nobody's to read.
    private static let ticketsMax = 100
}

/// Why money goes back.
package enum RefundReason: Hashable, Sendable {
    /// The buyer asked for it.
    case buyer
    case organizer
    /// The organizer's check has refused the buyer, in these words.
    case eligibility(words: String?)
    /// It was refunded at the provider.
    case provider
    /// The card's owner has disputed it.
    case dispute

    /// Reads the contract's `reason`; nil where it is another.
    /// - Parameter words: the organizer's own.
    package init?(_ reason: String?, words: String? = nil) {
        switch reason {
        case "buyer": self = .buyer
        case "organizer": self = .organizer
        case "eligibility": self = .eligibility(words: words)
        case "provider": self = .provider
        case "dispute": self = .dispute
        default: return nil
        }
    }
}
