import Crypto
import Foundation
import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues

/// Which mails follow from what the bus tells. It only queues them, for which no address is needed.
///
/// An order has one mail of each kind; a partial refund is told once for each amount that has gone back by then. A refund
/// is told when the money goes, not when the order is cancelled. Of a dispute the buyer knows already.
struct MailService: TableService {
    let name = "mail"
    let topics: [Topic] = [.tickets, .orders]

    /// The domain of Message-IDs.
    private let domain: String

    private static let documentsMax = OutgoingMail.attachmentsMax
    private static let nameBytesMax = 255

    /// - Parameter from: the sender; mails are named in its domain.
    init(from: MailAddress) { domain = from.domain }

    func take(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws -> [CloudEvent] {
        let now = Timestamp(milliseconds: now)
        switch event.type {
        case .ticketsIssued:
            let issued = try decode(TicketsIssued.self, event)
            guard (1...MailService.documentsMax).contains(issued.documents.count),
                issued.documents.allSatisfy({ (1...MailService.nameBytesMax).contains($0.name.utf8.count) })
            else { throw Unacceptable("The message has no documents, too many, or one of no fit name.") }
            try queue(.tickets, issued.order, issued.documents, of: event, at: now, in: session)
        case .ticketsVoided:
            let entry = try entry(.tickets, try decode(TicketsVoided.self, event).order, of: event, at: now)
            try MailStore.forestall(entry, reason: "the tickets are void", in: session)
        case .orderRefunded:
            let order = try decode(OrderMessage.self, event)
            // Of an order for which nothing was paid the cancellation says all.
            guard order.amount > 0, RefundReason(order.reason) != .dispute else { break }
            let kind: MailKind = order.refundedAmount >= order.amount ? .refund : .partialRefund
            try queue(kind, order, of: event, at: now, in: session)
        case .orderCancelled:
            let order = try decode(OrderMessage.self, event)
            // Where money goes back, the refund says so.
            guard order.amount == 0, RefundReason(order.reason) != .dispute else { break }
            try queue(.cancelled, order, of: event, at: now, in: session)
        default: break
        }
        return []
    }

    private func decode<Message: Decodable>(_: Message.Type, _ event: CloudEvent) throws -> Message {
        do { return try JSONDecoder().decode(Message.self, from: Data(event.data)) } catch {
            throw Unacceptable("The message's data isn't as the contract has it: \(error)")
        }
    }

    private func queue(
        _ kind: MailKind, _ order: OrderMessage, _ documents: [TicketsIssued.Document] = [], of event: CloudEvent,
        at now: Timestamp, in session: any SQLSession
    ) throws {
        let entry = try entry(kind, order, documents, of: event, at: now)
        // Messages may overtake each other: what was void since then is not sent.
        if kind == .tickets, let since = try MailStore.forestalled(entry.key, in: session),
            MailService.number(event.id) < MailService.number(since)
        {
            return
        }
        _ = try MailStore.queue(entry, in: session)
    }

    /// The fact that a message goes back to.
    private static func number(_ id: String) -> Int64 {
        id.lastIndex(of: "/").flatMap { Int64(id[id.index(after: $0)...]) } ?? 0
    }

    private func entry(
        _ kind: MailKind, _ order: OrderMessage, _ documents: [TicketsIssued.Document] = [], of event: CloudEvent,
        at now: Timestamp
    ) throws -> MailStore.Entry {
        guard let buyer = BuyerID(text: order.buyer), MailedOrder(order) != nil else {
            throw Unacceptable("The message has no buyer, no currency or no time of the event.")
        }
        let key = try key(kind, order)
        return MailStore.Entry(
            key: key, messageID: try messageID(of: key), kind: kind, event: event.key, order: order.order,
            buyer: buyer, payload: try MailPayload(order: order, documents: documents).json,
            cause: MailStore.Cause(id: event.id, traceparent: event.traceparent), queuedAt: now)
    }

    /// Names a mail in the store, and in URLs.
    private func key(_ kind: MailKind, _ order: OrderMessage) throws -> String {
        let isPlain = order.order.utf8.allSatisfy { $0.isAlphanumeric || "-_".utf8.contains($0) }
        guard isPlain, (1...64).contains(order.order.utf8.count) else {
            throw Unacceptable("The message names no order.")
        }
        let key = "\(kind.rawValue).\(order.order)"
        return kind == .partialRefund ? "\(key).\(order.refundedAmount)" : key
    }

    /// The same for the same key, and telling strangers nothing of it.
    private func messageID(of key: String) throws -> MessageID {
        let digest = SHA256.hash(data: Array("onsale.mail.v1 \(key)".utf8)).prefix(16)
        guard let id = MessageID("\(Base64URL.encode(Array(digest)))@\(domain)") else {
            throw Unacceptable("No mail can be named in \(domain).")
        }
        return id
    }

    /// A mail with a code.
    func signIn(
        _ code: String, link: WebLink?, to buyer: BuyerID, at now: Timestamp, in session: any SQLSession
    ) throws {
        var random = SystemRandomNumberGenerator()
        let key = "\(MailKind.signIn.rawValue).\(String(random.next(), radix: 36))\(String(random.next(), radix: 36))"
        let secret = try SignInSecret(code: code, link: link?.url).json
        _ = try MailStore.queue(
            MailStore.Entry(
                key: key, messageID: try messageID(of: key), kind: .signIn, buyer: buyer, payload: "{}",
                secret: secret, queuedAt: now, keepUntil: now.adding(seconds: SignInSecret.keptSeconds)),
            in: session)
    }

    /// A mail about an endpoint that was switched off: one a day, however often that is said.
    func endpointOff(_ off: EndpointOff, to buyer: BuyerID, at now: Timestamp, in session: any SQLSession) throws {
        let day = RFC3339.format(now).prefix(10)
        let key = "\(MailKind.endpointOff.rawValue).\(off.endpoint).\(day)"
        _ = try MailStore.queue(
            MailStore.Entry(
                key: key, messageID: try messageID(of: key), kind: .endpointOff, buyer: buyer, payload: try off.json,
                queuedAt: now),
            in: session)
    }
}
