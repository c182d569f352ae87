/// The data of `onsale.tickets.issued.v1`: the order's documents are ready.
public struct TicketsIssued: Codable, Hashable, Sendable {
    /// As `onsale.order.confirmed.v1` had it.
    public var order: OrderMessage
    public var documents: [Document]

    public init(order: OrderMessage, documents: [Document]) {
        self.order = order
        self.documents = documents
    }

    /// A file of an order.
    public struct Document: Codable, Hashable, Sendable {
        /// Where the documents' service has it.
        public var name: String
        public var contentType: String
        /// SHA-256 of its bytes, in hex.
        public var sha256: String
        public var bytes: Int

        public init(name: String, contentType: String, sha256: String, bytes: Int) {
            self.name = name
            self.contentType = contentType
            self.sha256 = sha256
            self.bytes = bytes
        }
    }
}

/// The data of `onsale.tickets.voided.v1`: these tickets let nobody in any more.
public struct TicketsVoided: Codable, Hashable, Sendable {
    /// As `onsale.order.refunded.v1` or `onsale.order.cancelled.v1` had it; or `onsale.order.confirmed.v1`, where some
    /// tickets were taken back, and it has those that are left.
    public var order: OrderMessage
    /// The tickets that are void, by their public IDs.
    public var tickets: [String]

    public init(order: OrderMessage, tickets: [String]) {
        self.order = order
        self.tickets = tickets
    }
}

/// The data of `onsale.mail.*`. It has no address.
public struct MailMessage: Codable, Hashable, Sendable {
    public var event: String
    public var order: String
    public var buyer: String
    /// What it tells: `tickets`, `refund`.
    public var kind: String
    /// Its `Message-ID`.
    public var mail: String
    /// Why it came back: the mail server's answer.
    public var reason: String?

    public init(event: String, order: String, buyer: String, kind: String, mail: String, reason: String? = nil) {
        self.event = event
        self.order = order
        self.buyer = buyer
        self.kind = kind
        self.mail = mail
        self.reason = reason
    }
}

/// The data of `onsale.eligibility.*`.
public struct EligibilityMessage: Codable, Hashable, Sendable {
    public var event: String
    public var order: String
    public var buyer: String
    /// The organizer's own words, for the buyer.
    public var reason: String?

    public init(event: String, order: String, buyer: String, reason: String? = nil) {
        self.event = event
        self.order = order
        self.buyer = buyer
        self.reason = reason
    }
}
