package import OnsaleValues

/// An endpoint as the organizer sees it.
package struct WebhookEndpoint: Hashable, Sendable {
    package let id: EndpointID
    package let url: String
    package let filter: EndpointFilter
    package let createdAt: Timestamp
    /// Why it is off; nil if it is on.
    package let switchedOff: SwitchOff?
    /// Failures since the last success.
    package let failures: Int
}

/// Why an endpoint was switched off.
package enum SwitchOff: String, Hashable, Sendable {
    /// It answered 410.
    case gone
    /// It has failed for three days without one success.
    case failing
    /// It has more deliveries before it than are kept.
    case backlog
}
