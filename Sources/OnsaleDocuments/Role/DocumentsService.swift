import Foundation
package import OnsaleBus
package import OnsaleMigrations
package import OnsaleTables

/// What documents do with what happens to orders: files are due once an order is confirmed, and void once it is taken
/// back.
package struct DocumentsService: TableService {
    package let name = "documents"
    package let topics: [Topic] = [.orders]

    package init() {}

    package func take(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws -> [CloudEvent] {
        switch event.type {
        case .orderConfirmed:
            _ = try DocumentsService.message(event)
            try DocumentTables.confirm(event, in: session)
            return []
        case .orderCancelled: return try void(event, try DocumentsService.message(event), in: session)
        case .orderRefunded:
            let message = try DocumentsService.message(event)
            // Some of the money takes no ticket back.
            guard message.refundedAmount >= message.amount else { return [] }
            return try void(event, message, in: session)
        default: return []
        }
    }

    private func void(
        _ event: CloudEvent, _ message: OrderMessage, in session: any SQLSession
    ) throws -> [CloudEvent] {
        guard let entry = try DocumentTables.entry(event.subject, in: session), entry.state != .void else { return [] }
        guard try DocumentTables.move(entry, to: .void, in: session) else { return [] }
        let data = TicketsVoided(order: message, tickets: message.tickets.map(\.ticket))
        return [try event.follow(.ticketsVoided, data)]
    }

    /// - Throws: ``Unacceptable``.
    static func message(_ event: CloudEvent) throws -> OrderMessage {
        guard let message = try? JSONDecoder().decode(OrderMessage.self, from: Data(event.data)),
            message.order == event.subject, message.event.id == event.key
        else { throw Unacceptable("its data is no order, or another one than it says") }
        return message
    }
}

extension CloudEvent {
    /// What follows from this at once.
    func follow(_ type: EventType, _ data: some Encodable) throws -> CloudEvent {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return CloudEvent(
            id: id, type: type, subject: subject, time: time, key: key, traceparent: traceparent,
            data: Array(try encoder.encode(data)))
    }
}
