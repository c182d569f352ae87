import OnsaleBus
import OnsaleValues

/// A mail as the operator sees it: without an address.
package struct ShownMail: Encodable, Hashable, Sendable {
    package let id: String
    package let messageId: String
    package let kind: String
    package let event: String?
    package let order: String?
    package let buyer: String
    package let state: String
    package let attempts: Int
    package let queuedAt: String
    /// When it is tried next; of those that wait.
    package let dueAt: String?
    package let endedAt: String?
    package let reason: String?
    /// Nil once it can't be written again: a code is kept no longer than it must.
    package let subject: String?
    package let text: String?
    package let html: String?
    package let attachments: [String]

    /// - Parameters:
    ///   - author: writes it again.
    ///   - language: of mails that weren't sent.
    ///   - isKept: whether mails go nowhere, and are kept instead.
    ///   - isWhole: whether to show what it says, besides the subject.
    init(_ mail: MailStore.Standing, by author: MailAuthor, language: MailLanguage, isKept: Bool, isWhole: Bool) {
        let content = try? author.content(of: mail.entry, in: mail.language ?? language)
        id = mail.entry.key
        messageId = mail.entry.messageID.description
        kind = mail.entry.kind.rawValue
        event = mail.entry.event
        order = mail.entry.order
        buyer = mail.entry.buyer.text
        state = isKept && mail.state == .sent ? "kept" : mail.state.rawValue
        attempts = mail.attempts
        queuedAt = RFC3339.format(mail.entry.queuedAt)
        dueAt = mail.state == .queued ? RFC3339.format(mail.dueAt) : nil
        endedAt = mail.endedAt.map(RFC3339.format)
        reason = mail.reason
        subject = content?.subject
        text = isWhole ? content?.text : nil
        html = isWhole ? content?.html : nil
        attachments = MailAuthor.documents(of: mail.entry).map(\.name)
    }
}
