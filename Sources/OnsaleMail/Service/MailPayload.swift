import Foundation
package import OnsaleBus

/// What a mail about an order is made of. Whatever it doesn't need is left out, above all what opens doors.
package struct MailPayload: Codable, Hashable, Sendable {
    package let order: OrderMessage
    package let documents: [TicketsIssued.Document]

    package init(order: OrderMessage, documents: [TicketsIssued.Document]) {
        var order = order
        order.payment = nil
        order.proof = nil
        order.event.eligibility = nil
        order.tickets = order.tickets.map {
            OrderMessage.Ticket(ticket: $0.ticket, seat: $0.seat, area: $0.area, category: $0.category, barcode: "")
        }
        self.order = order
        self.documents = documents
    }
}

/// What a mail to sign in with must tell and nobody may keep.
struct SignInSecret: Codable {
    /// How long the code can be used, and is kept at most.
    static let keptSeconds = 600

    let code: String
    let link: String?
}

/// What the organizer is told of an endpoint of webhooks that was switched off.
package struct EndpointOff: Codable, Hashable, Sendable {
    package enum Reason: String, Codable, Sendable {
        case gone, failing, backlog
    }

    package let endpoint: String
    package let url: String
    package let reason: Reason

    package init(endpoint: String, url: String, reason: Reason) {
        self.endpoint = endpoint
        self.url = url
        self.reason = reason
    }
}

extension Encodable {
    /// As the store has it.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // PostgreSQL's text has no NUL; JSON escapes it, so none is there.
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
