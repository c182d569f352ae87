public import OnsaleValues

/// A question to the organizer's endpoint: may this buyer have what this order confirmed?
public struct EligibilityAsk: Hashable, Sendable {
    public let order: String
    public let event: String
    public let buyer: String
    public let url: String
    /// What is sent, the same at each attempt: `{"order", "buyer", "tickets", "proof"}`.
    public let body: [UInt8]
    public let confirmedAt: Timestamp
    /// When the answer must be there.
    public let deadline: Timestamp
    /// The ID and the trace of the `onsale.order.confirmed.v1` that this goes back to.
    public let cause: String
    public let traceparent: String?

    public init(
        order: String, event: String, buyer: String, url: String, body: [UInt8], confirmedAt: Timestamp,
        deadline: Timestamp, cause: String, traceparent: String? = nil
    ) {
        self.order = order
        self.event = event
        self.buyer = buyer
        self.url = url
        self.body = body
        self.confirmedAt = confirmedAt
        self.deadline = deadline
        self.cause = cause
        self.traceparent = traceparent
    }

    /// The same with another deadline.
    func due(_ moment: Timestamp) -> EligibilityAsk {
        EligibilityAsk(
            order: order, event: event, buyer: buyer, url: url, body: body, confirmedAt: confirmedAt, deadline: moment,
            cause: cause, traceparent: traceparent)
    }

    /// The `webhook-id` of Standard Webhooks: the same at each attempt, so that the endpoint can tell that it has
    /// answered already.
    public var id: String { "eligibility_" + order }

    /// Scheme, host and port: what calls at once are counted by.
    public var endpoint: String { EligibilityAsk.origin(url) ?? url }

    /// The longest deadline, in seconds.
    public static let deadlineSecondsMax = 604_800

    static func origin(_ url: String) -> String? {
        guard url.utf8.count <= 2048, let scheme = ["https://", "http://"].first(where: { url.hasPrefix($0) }) else {
            return nil
        }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        return authority.isEmpty ? nil : scheme + authority.lowercased()
    }
}

/// Why nobody can be asked about an order. No further attempt will change that.
public struct UnusableAsk: Error, Hashable, Sendable, CustomStringConvertible {
    /// Goes on after "The order".
    public let description: String

    init(_ description: String) { self.description = description }
}
