package import OnsaleValues

/// A mailbox that a buyer gives.
package struct Mailbox: Hashable, Sendable {
    /// As it was typed: where mail goes.
    package let address: String
    /// As it is known: the same for every spelling of the same mailbox.
    package let folded: String
    package let buyer: BuyerID
    /// `ko` or `en`: what the buyer reads.
    package let language: String

    package init(address: String, folded: String, buyer: BuyerID, language: String) {
        self.address = address
        self.folded = folded
        self.buyer = buyer
        self.language = language
    }
}

/// Signs buyers in by codes that are mailed to them.
package protocol MailedCodes: Sendable {
    /// Mails a code. Says nothing about whether anybody has the mailbox.
    /// - Throws: errors of whatever keeps the codes and the mails.
    func ask(for mailbox: Mailbox) async throws -> CodeAsked

    /// Checks a code, or what a mail's link carries in its place.
    /// - Throws: errors of whatever keeps the codes.
    func attempt(_ code: String, for mailbox: Mailbox) async throws -> CodeTried
}

/// What becomes of a wish for a code.
package enum CodeAsked: Hashable, Sendable {
    case mailed(expiresAt: Timestamp)
    /// No mail can go to such an address.
    case unreachable
    case tooMany(retryAfterSeconds: Int)
}

/// What becomes of a code that somebody gives.
package enum CodeTried: Hashable, Sendable {
    case right
    case wrong
    case tooMany(retryAfterSeconds: Int)
}

/// What is held about buyers besides their orders.
package protocol ContactBook: Sendable {
    /// Keeps where a buyer is written to. Durable when it returns.
    /// - Throws: errors of whatever keeps it.
    func keep(_ mailbox: Mailbox) async throws

    /// - Throws: errors of whatever keeps it.
    func held(of buyer: BuyerID) async throws -> HeldPerson

    /// Makes a buyer's address unreadable for good, wherever it is kept.
    /// - Throws: errors of whatever keeps it.
    func forget(_ buyer: BuyerID) async throws
}

/// All that is held about a buyer besides orders.
package struct HeldPerson: Hashable, Sendable {
    package struct Contact: Hashable, Sendable {
        package let address: String
        package let language: String
        package let since: Timestamp

        package init(address: String, language: String, since: Timestamp) {
            self.address = address
            self.language = language
            self.since = since
        }
    }

    package struct Mail: Hashable, Sendable {
        package let kind: String
        package let order: String?
        /// `queued`, `sent` or `bounced`.
        package let state: String
        package let queuedAt: Timestamp

        package init(kind: String, order: String?, state: String, queuedAt: Timestamp) {
            self.kind = kind
            self.order = order
            self.state = state
            self.queuedAt = queuedAt
        }
    }

    package let contact: Contact?
    package let mails: [Mail]

    package init(contact: Contact?, mails: [Mail]) {
        self.contact = contact
        self.mails = mails
    }
}
