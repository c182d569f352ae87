import Foundation
package import OnsaleBus

/// Writes the mails of the store.
package struct MailAuthor: Sendable {
    /// The page of an order, by its event and itself.
    package typealias OrderPage = @Sendable (_ event: String, _ order: String) -> WebLink?

    package let from: MailAddressee
    private let orderPage: OrderPage

    package init(from: MailAddressee, orderPage: @escaping OrderPage = { _, _ in nil }) {
        self.from = from
        self.orderPage = orderPage
    }

    /// What a mail says.
    /// - Throws: ``UnfitMail`` if it can't be made of what is kept.
    package func content(of entry: MailStore.Entry, in language: MailLanguage) throws(UnfitMail) -> MailContent {
        switch entry.kind {
        case .signIn: return try signIn(entry, language)
        case .endpointOff:
            guard let off = try? JSONDecoder().decode(EndpointOff.self, from: Data(entry.payload.utf8)) else {
                throw UnfitMail(description: "is of an endpoint that can't be read any more")
            }
            return MailTemplates.endpointOff(off, language)
        case .tickets, .refund, .partialRefund, .cancelled: return try order(entry, language)
        }
    }

    private func order(_ entry: MailStore.Entry, _ language: MailLanguage) throws(UnfitMail) -> MailContent {
        guard let message = MailAuthor.payload(of: entry)?.order,
            let order = MailedOrder(message, link: orderPage(message.event.id, message.order))
        else { throw UnfitMail(description: "is of an order that can't be read any more") }
        switch entry.kind {
        case .tickets: return MailTemplates.tickets(order, language)
        case .cancelled:
            return MailTemplates.cancelled(order, why: RefundReason(message.reason, words: message.words), language)
        default:
            return MailTemplates.refund(order, why: RefundReason(message.reason, words: message.words), language)
        }
    }

    private func signIn(_ entry: MailStore.Entry, _ language: MailLanguage) throws(UnfitMail) -> MailContent {
        guard let secret = entry.secret,
            let kept = try? JSONDecoder().decode(SignInSecret.self, from: Data(secret.utf8))
        else { throw UnfitMail(description: "had a code that is kept no longer") }
        return MailTemplates.signIn(
            code: kept.code, link: kept.link.flatMap(WebLink.init), minutes: SignInSecret.keptSeconds / 60, language)
    }

    /// The documents that come along.
    package static func documents(of entry: MailStore.Entry) -> [TicketsIssued.Document] {
        payload(of: entry)?.documents ?? []
    }

    private static func payload(of entry: MailStore.Entry) -> MailPayload? {
        try? JSONDecoder().decode(MailPayload.self, from: Data(entry.payload.utf8))
    }

    /// The whole mail.
    /// - Throws: ``UnfitMail``.
    package func mail(
        _ entry: MailStore.Entry, to contact: Contact, with attachments: [MailAttachment]
    ) throws(UnfitMail) -> OutgoingMail {
        try OutgoingMail(
            id: entry.messageID, date: entry.queuedAt, from: from, to: MailAddressee(address: contact.address),
            content: content(of: entry, in: contact.language), attachments: attachments, language: contact.language)
    }
}
