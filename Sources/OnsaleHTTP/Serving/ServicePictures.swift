package import OnsaleValues

/// How what follows a sale stands in this process.
package struct ServicePicture: Hashable, Sendable {
    package let name: String
    package let counts: [String: Int]
    /// Why it doesn't get on; nil if it does.
    package let trouble: String?

    package init(name: String, counts: [String: Int], trouble: String?) {
        self.name = name
        self.counts = counts
        self.trouble = trouble
    }
}

/// Services, for their operators.
package protocol ServicePictures: Sendable {
    func pictures() -> [ServicePicture]

    /// The mails that this process sends, or keeps; nil where it has none.
    var mails: (any MailShelf)? { get }
}

/// Mails as they were written, for whoever has no mail server yet.
package protocol MailShelf: Sendable {
    /// The newest ones.
    func newest(limit: Int) async throws -> [ShelfMail]
    func mail(_ id: String) async throws -> ShelfMail?
}

/// A mail, without the address that it goes to.
package struct ShelfMail: Hashable, Sendable {
    package let id: String
    package let kind: String
    /// `queued`, `sent`, `kept`, `bounced` or `withdrawn`.
    package let state: String
    package let queuedAt: Timestamp
    package let subject: String
    package let text: String
    package let html: String
    /// The names of the attached files.
    package let attachments: [String]

    package init(
        id: String, kind: String, state: String, queuedAt: Timestamp, subject: String, text: String, html: String,
        attachments: [String]
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.queuedAt = queuedAt
        self.subject = subject
        self.text = text
        self.html = html
        self.attachments = attachments
    }
}
