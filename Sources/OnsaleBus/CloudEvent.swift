public import OnsaleValues

/// What has happened, for whoever wants to know: one event of CloudEvents 1.0.
/// <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>
///
/// `source` and ``id`` together name it for ever: a copy has the same, and means the same.
public struct CloudEvent: Hashable, Sendable {
    /// The on-sale event and the number of the fact that this goes back to: `<event>/<sequence>`.
    public let id: String
    public let type: EventType
    /// The order's public ID.
    public let subject: String
    /// When it happened.
    public let time: Timestamp
    /// The ID of the on-sale event. Events with the same key stay in order.
    public let key: String
    /// The W3C `traceparent` of the work that it belongs to, if that is known.
    public let traceparent: String?
    /// One of the contract's messages as JSON, such as ``OrderMessage``.
    public let data: [UInt8]

    public init(
        id: String, type: EventType, subject: String, time: Timestamp, key: String, traceparent: String? = nil,
        data: [UInt8]
    ) {
        self.id = id
        self.type = type
        self.subject = subject
        self.time = time
        self.key = key
        self.traceparent = traceparent
        self.data = data
    }

    /// What names it for ever, in one text.
    public var identity: String { type.source + " " + id }

    /// The largest `data` that a bus takes.
    public static let dataBytesMax = 262_144
}

/// The types of events that the contract knows.
public enum EventType: String, CaseIterable, Hashable, Sendable {
    case orderPlaced = "onsale.order.placed.v1"
    case orderConfirmed = "onsale.order.confirmed.v1"
    case orderDeclined = "onsale.order.declined.v1"
    case orderExpired = "onsale.order.expired.v1"
    case orderCancelled = "onsale.order.cancelled.v1"
    case orderRefunded = "onsale.order.refunded.v1"
    case ticketsIssued = "onsale.tickets.issued.v1"
    case ticketsVoided = "onsale.tickets.voided.v1"
    case mailSent = "onsale.mail.sent.v1"
    case mailBounced = "onsale.mail.bounced.v1"
    case eligibilityGranted = "onsale.eligibility.granted.v1"
    case eligibilityRefused = "onsale.eligibility.refused.v1"

    /// Where it is published.
    public var topic: Topic {
        switch self {
        case .orderPlaced, .orderConfirmed, .orderDeclined, .orderExpired, .orderCancelled, .orderRefunded: .orders
        case .ticketsIssued, .ticketsVoided: .tickets
        case .mailSent, .mailBounced, .eligibilityGranted, .eligibilityRefused: .fulfilment
        }
    }

    /// Who says so. What follows from a fact has the fact's number, and a source for each type that may follow from the
    /// same one, so that no two share source and ID.
    public var source: String {
        switch self {
        case .orderPlaced, .orderConfirmed, .orderDeclined, .orderExpired, .orderCancelled, .orderRefunded:
            "/onsale/sale"
        case .ticketsIssued: "/onsale/documents/issued"
        case .ticketsVoided: "/onsale/documents/voided"
        case .mailSent: "/onsale/mail/sent"
        case .mailBounced: "/onsale/mail/bounced"
        case .eligibilityGranted: "/onsale/eligibility/granted"
        case .eligibilityRefused: "/onsale/eligibility/refused"
        }
    }
}

/// A topic of the bus.
public enum Topic: String, CaseIterable, Hashable, Comparable, Sendable {
    case orders = "onsale.orders.v1"
    case tickets = "onsale.tickets.v1"
    case fulfilment = "onsale.fulfilment.v1"

    /// Where messages go that a group of consumers can't handle.
    public var dead: String { rawValue + ".dead" }

    public static func < (left: Topic, right: Topic) -> Bool { left.rawValue < right.rawValue }
}
