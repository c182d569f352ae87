import Foundation
package import OnsaleBus
package import OnsaleEngine
package import OnsaleSale
package import OnsaleValues

/// Turns what has happened to an order into what the bus hears.
package struct OrderMessages: Sendable {
    /// A ticket's barcode, from its public ID, its event's ID and the name of its place.
    package typealias Barcode = @Sendable (_ ticket: String, _ event: String, _ place: String) -> String

    private let barcode: Barcode

    package init(barcode: @escaping Barcode) {
        self.barcode = barcode
    }

    /// The event for the bus.
    /// - Parameters:
    ///   - order: as it is now; what changes of it comes from the news.
    ///   - view: as new as the order.
    ///   - time: when it happened.
    package func event(
        _ news: OrderNews, of order: Order, in view: EventView, at time: Timestamp
    ) throws -> CloudEvent {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let definition = view.definition
        let id = definition.publicID(order)
        return CloudEvent(
            id: "\(definition.id)/\(news.sequence)", type: news.type, subject: id, time: time, key: definition.id,
            traceparent: order.trace,
            data: Array(try encoder.encode(message(news, of: order, in: view))))
    }

    private func message(_ news: OrderNews, of order: Order, in view: EventView) -> OrderMessage {
        let definition = view.definition
        return OrderMessage(
            event: OnsaleEvent(
                id: definition.id, title: view.profile.title, venue: definition.venue,
                startsAt: RFC3339.format(definition.startsAt), currency: definition.currency,
                timeZone: definition.timeZone,
                eligibility: definition.eligibility.map { .init(url: $0.url, deadlineSeconds: $0.deadlineSeconds) }),
            order: definition.publicID(order), buyer: order.buyer.text, amount: order.amount,
            refundedAmount: news.refunded, placedAt: RFC3339.format(order.placedAt),
            lines: view.lines(of: order).map {
                .init(
                    category: definition.plan.categories[$0.category], unitAmount: $0.unitAmount,
                    quantity: $0.quantity)
            },
            tickets: news.type.isPaid ? tickets(news, of: order, in: definition) : [],
            // Before that it may still change, and a message that is said twice must be the same.
            payment: news.type.isPaid ? order.intent : nil,
            proof: news.proof, reason: news.reason,
            disputedAmount: news.disputedAfter.map { $0 < order.amount ? order.amount - $0 : order.amount },
            words: news.words)
    }

    /// A confirmation has the tickets that are good; what else is told of an order names all that it ever had.
    private func tickets(
        _ news: OrderNews, of order: Order, in definition: EventDefinition
    ) -> [OrderMessage.Ticket] {
        guard let issuedAt = order.confirmedAt else { return [] }
        let gone = news.type == .orderConfirmed ? Set(news.returned) : []
        return order.tickets.enumerated().filter { !gone.contains($0.offset) }.map { position, id in
            let ticket = definition.publicID(id, issuedAt: issuedAt)
            let place = definition.placeName(order.places, position)
            let barcode = barcode(ticket, definition.id, place)
            switch order.places {
            case .seats(let seats):
                let category = definition.plan.categories[definition.plan[seats[position]].category]
                return .init(ticket: ticket, seat: place, category: category, barcode: barcode)
            case .area(let area, _):
                let category = definition.plan.categories[definition.plan.areas[area].category]
                return .init(ticket: ticket, area: place, category: category, barcode: barcode)
            }
        }
    }
}

extension EventType {
    /// Whether money has been taken by then, and tickets may have been given.
    fileprivate var isPaid: Bool {
        switch self {
        case .orderPlaced, .orderDeclined, .orderExpired: false
        default: true
        }
    }
}
