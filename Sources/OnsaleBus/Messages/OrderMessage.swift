/// The data of `onsale.order.*`: the order as it was just after what happened.
public struct OrderMessage: Codable, Hashable, Sendable {
    public var event: OnsaleEvent
    /// The order's public ID.
    public var order: String
    public var buyer: String
    /// What it cost, in minor units.
    public var amount: Int64
    /// What of it has gone back so far, in minor units.
    public var refundedAmount: Int64
    public var placedAt: String
    public var lines: [Line]
    /// Its tickets, from the confirmation on; void ones too, but in a confirmation, which comes again with the rest when
    /// some were taken back.
    public var tickets: [Ticket]
    /// The provider's name of the payment, once money has been taken.
    public var payment: String?
    /// What the order carries for the check of eligibility.
    public var proof: String?
    /// Why it was declined, cancelled or refunded, for programs: a provider's code, `buyer`, `organizer`, `eligibility`,
    /// `provider`, `dispute`.
    public var reason: String?
    /// What the payer's bank has taken back, in minor units, while a dispute is open or lost.
    public var disputedAmount: Int64?
    /// The organizer's own words, where the check of eligibility has refused the buyer.
    public var words: String?

    public init(
        event: OnsaleEvent, order: String, buyer: String, amount: Int64, refundedAmount: Int64 = 0, placedAt: String,
        lines: [Line], tickets: [Ticket], payment: String? = nil, proof: String? = nil, reason: String? = nil,
        disputedAmount: Int64? = nil, words: String? = nil
    ) {
        self.event = event
        self.order = order
        self.buyer = buyer
        self.amount = amount
        self.refundedAmount = refundedAmount
        self.placedAt = placedAt
        self.lines = lines
        self.tickets = tickets
        self.payment = payment
        self.proof = proof
        self.reason = reason
        self.disputedAmount = disputedAmount
        self.words = words
    }

    /// What places of one category cost.
    public struct Line: Codable, Hashable, Sendable {
        public var category: String
        public var unitAmount: Int64
        public var quantity: Int

        public init(category: String, unitAmount: Int64, quantity: Int) {
            self.category = category
            self.unitAmount = unitAmount
            self.quantity = quantity
        }
    }

    /// Leave to enter. Exactly one of `seat` and `area` is there.
    public struct Ticket: Codable, Hashable, Sendable {
        /// Its public ID.
        public var ticket: String
        public var seat: String?
        public var area: String?
        public var category: String
        /// What the door scans. Whoever has it gets in.
        public var barcode: String

        public init(ticket: String, seat: String? = nil, area: String? = nil, category: String, barcode: String) {
            self.ticket = ticket
            self.seat = seat
            self.area = area
            self.category = category
            self.barcode = barcode
        }
    }
}

/// What an event is, for those who don't ask the sale.
public struct OnsaleEvent: Codable, Hashable, Sendable {
    public var id: String
    public var title: String
    public var venue: String
    public var startsAt: String
    /// ISO 4217.
    public var currency: String
    /// IANA's name of the venue's time zone; nil where the organizer gave none.
    public var timeZone: String?
    /// Whom to ask whether a buyer may have tickets.
    public var eligibility: Eligibility?

    public struct Eligibility: Codable, Hashable, Sendable {
        public var url: String
        public var deadlineSeconds: Int

        public init(url: String, deadlineSeconds: Int) {
            self.url = url
            self.deadlineSeconds = deadlineSeconds
        }
    }

    public init(
        id: String, title: String, venue: String, startsAt: String, currency: String, timeZone: String? = nil,
        eligibility: Eligibility? = nil
    ) {
        self.id = id
        self.title = title
        self.venue = venue
        self.startsAt = startsAt
        self.currency = currency
        self.timeZone = timeZone
        self.eligibility = eligibility
    }
}
