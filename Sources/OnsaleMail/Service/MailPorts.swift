package import OnsaleValues

/// Who knows how buyers are written to.
package protocol Contacts: Sendable {
    /// - Returns: nil if the buyer's address isn't known, or no more.
    /// - Throws: ``ContactVaultError`` where only this buyer's can't be read, anything else where none can at the moment.
    func contact(of buyer: BuyerID) async throws -> Contact?
}

/// Who has the files that mails bring along.
package protocol Attachments: Sendable {
    /// - Parameter name: as `onsale.tickets.issued.v1` has it.
    /// - Returns: nil if it isn't there, or not yet.
    func file(named name: String) async throws -> MailAttachment?
}

/// Who hands mails over.
package protocol MailTransport: Sendable {
    /// Whether nobody gets the mails, and the store shows them instead.
    var isForShow: Bool { get }

    /// A cancelled task waits on, until ``stop()``.
    func send(_ mail: OutgoingMail) async -> SMTPOutcome

    /// Ends it. Mails under way are settled soon.
    func stop() async
}

extension SMTPTransport: MailTransport {
    package var isForShow: Bool { false }
}

/// The transport where there is no mail server: it takes every mail, which the store shows.
package struct KeptMails: MailTransport {
    package let isForShow = true

    package init() {}

    package func send(_ mail: OutgoingMail) async -> SMTPOutcome { .accepted }

    package func stop() async {}
}
