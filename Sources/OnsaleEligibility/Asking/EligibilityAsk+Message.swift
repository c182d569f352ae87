import Foundation
public import OnsaleBus
import OnsaleValues

extension EligibilityAsk {
    /// What to ask when an order is confirmed; nil for an event whose organizer asks for no check.
    /// - Throws: ``UnusableAsk``.
    public init?(_ event: CloudEvent, _ order: OrderMessage) throws(UnusableAsk) {
        guard event.type == .orderConfirmed, let eligibility = order.event.eligibility else { return nil }
        guard event.subject == order.order, event.key == order.event.id else {
            throw UnusableAsk("is another one than its message says")
        }
        guard (1...EligibilityAsk.deadlineSecondsMax).contains(eligibility.deadlineSeconds) else {
            throw UnusableAsk("is of an event whose deadline is not within a week")
        }
        guard EligibilityAsk.origin(eligibility.url) != nil else {
            throw UnusableAsk("is of an event whose endpoint is no http URL")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(Question(order)) else { throw UnusableAsk("can't be written as JSON") }
        self.init(
            order: order.order, event: order.event.id, buyer: order.buyer, url: eligibility.url, body: Array(body),
            confirmedAt: event.time, deadline: event.time.adding(seconds: eligibility.deadlineSeconds),
            cause: event.id, traceparent: event.traceparent)
    }
}

/// The body. It has no barcodes, which would let anybody in.
private struct Question: Encodable {
    struct Ticket: Encodable {
        let ticket: String
        let category: String
        let seat: String?
        let area: String?
    }

    let order: String
    let buyer: String
    let tickets: [Ticket]
    let proof: String?

    init(_ order: OrderMessage) {
        self.order = order.order
        buyer = order.buyer
        tickets = order.tickets.map {
            Ticket(ticket: $0.ticket, category: $0.category, seat: $0.seat, area: $0.area)
        }
        proof = order.proof
    }
}
