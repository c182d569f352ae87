import Foundation
import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues

/// Which documents follow from what happens to orders. Rendering is the worker's.
struct DocumentsService: TableService {
    let name = "documents"
    let topics: [Topic] = [.orders]

    func take(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws -> [CloudEvent] {
        switch event.type {
        case .orderConfirmed:
            var message = try decode(event)
            // A dispute may be won over money that went back otherwise.
            guard !message.isRefunded || message.amount == 0 else { return [] }
            // No document has it, and it is nobody's to keep.
            let hasProof = message.proof != nil
            message.proof = nil
            let before = try OrderStore.confirmed(
                order: message.order, before: try sequence(of: event), in: session)
            let json = hasProof ? String(decoding: try JSONEncoder().encode(message), as: UTF8.self) : try text(event)
            try OrderStore.confirm(
                OrderStore.Confirmation(
                    cause: event.id, event: event.key, traceparent: trace(of: event), order: message.order,
                    message: json),
                // Who has waited longest is the first, however late it is heard of.
                sequence: try sequence(of: event), at: min(now, event.time.milliseconds), in: session)
            return try before.map { try takenBack(since: $0, message, event, at: now) } ?? []
        case .orderCancelled: return try void(try decode(event), event, at: now, in: session)
        case .orderRefunded:
            let message = try decode(event)
            return message.isRefunded ? try void(message, event, at: now, in: session) : []
        default: return []
        }
    }

    private func void(
        _ message: OrderMessage, _ event: CloudEvent, at now: Int64, in session: any SQLSession
    ) throws -> [CloudEvent] {
        let before = try OrderStore.void(
            order: message.order, sequence: try sequence(of: event), at: now, in: session)
        guard let before else { return [] }
        // What the confirmation said: the tickets that are out.
        let confirmed = try JSONDecoder().decode(OrderMessage.self, from: Data(before.utf8))
        return try voided(confirmed.tickets.map(\.ticket), message, event, at: now)
    }

    /// The tickets that an order has no more, now that it is confirmed once more.
    private func takenBack(
        since before: String, _ message: OrderMessage, _ event: CloudEvent, at now: Int64
    ) throws -> [CloudEvent] {
        let good = Set(message.tickets.map(\.ticket))
        let confirmed = try JSONDecoder().decode(OrderMessage.self, from: Data(before.utf8))
        let gone = confirmed.tickets.map(\.ticket).filter { !good.contains($0) }
        return gone.isEmpty ? [] : try voided(gone, message, event, at: now)
    }

    private func voided(
        _ tickets: [String], _ message: OrderMessage, _ event: CloudEvent, at now: Int64
    ) throws -> [CloudEvent] {
        let data = try JSONEncoder.sorted.encode(TicketsVoided(order: message, tickets: tickets))
        guard data.count <= CloudEvent.dataBytesMax else {
            throw Unacceptable("The order is too large to be told of.")
        }
        return [
            CloudEvent(
                id: event.id, type: .ticketsVoided, subject: message.order, time: Timestamp(milliseconds: now),
                key: event.key, traceparent: trace(of: event), data: Array(data))
        ]
    }

    private func decode(_ event: CloudEvent) throws -> OrderMessage {
        let message: OrderMessage
        do { message = try JSONDecoder().decode(OrderMessage.self, from: Data(event.data)) } catch {
            throw Unacceptable("The message's data isn't as the contract has it: \(error)")
        }
        guard message.order == event.subject else {
            throw Unacceptable("The message's data is of another order than its subject.")
        }
        return message
    }

    /// The data as tables take it.
    private func text(_ event: CloudEvent) throws -> String {
        guard !event.data.contains(0), let text = String(validating: event.data, as: UTF8.self) else {
            throw Unacceptable("The message's data is no text in UTF-8.")
        }
        return text
    }

    /// None rather than one that tables don't take: a trace is no reason to give up an order.
    private func trace(of event: CloudEvent) -> String? {
        event.traceparent.flatMap { $0.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? $0 : nil }
    }

    /// Facts of one event are numbered in their order.
    private func sequence(of event: CloudEvent) throws -> UInt64 {
        guard event.id.hasPrefix(event.key + "/"), let number = Int64(event.id.dropFirst(event.key.utf8.count + 1)),
            number >= 0
        else { throw Unacceptable("The message's ID isn't that of its event and the number of a fact.") }
        return UInt64(number)
    }
}

extension OrderMessage {
    /// Whether all of its money is back.
    fileprivate var isRefunded: Bool { refundedAmount >= amount }
}

extension JSONEncoder {
    /// The same bytes for the same value.
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
