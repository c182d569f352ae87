package import OnsaleSale
package import OnsaleValues

/// How people and programs outside call what belongs to an event.
extension EventDefinition {
    package func publicID(_ hold: Hold) -> String {
        PublicID(.hold, at: hold.madeAt, serial: hold.id.serial, tag: tag).text
    }

    package func publicID(_ order: Order) -> String {
        PublicID(.order, at: order.placedAt, serial: order.id.serial, tag: tag).text
    }

    package func publicID(_ ticket: Ticket) -> String { publicID(ticket.id, issuedAt: ticket.issuedAt) }

    package func publicID(_ ticket: TicketID, issuedAt: Timestamp) -> String {
        PublicID(.ticket, at: issuedAt, serial: ticket.serial, tag: tag).text
    }

    /// Parses a public id of the given kind; nil if it belongs to another event.
    package func id(_ kind: PublicID.Kind, _ text: String?) -> PublicID? {
        guard let id = text.flatMap({ PublicID(kind, text: $0) }), id.tag == tag else { return nil }
        return id
    }

    /// The name of the place at a position of an order: its seat, or its area.
    package func placeName(_ places: Places, _ position: Int) -> String {
        switch places {
        case .seats(let seats): plan[seats[position]].name
        case .area(let area, _): plan.areas[area].name
        }
    }

    /// The category of the place at a position of an order.
    package func category(of places: Places, _ position: Int) -> String {
        switch places {
        case .seats(let seats): plan.categories[plan[seats[position]].category]
        case .area(let area, _): plan.categories[plan.areas[area].category]
        }
    }
}
