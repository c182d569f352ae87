/// Another node, and how this one reaches it.
package struct Peer: Sendable, Hashable {
    package let name: String
    /// Its public port, as `http://10.0.0.2:8080`, without a path.
    package let url: String

    package init(name: String, url: String) {
        self.name = name
        self.url = url
    }
}

/// Where an event is written just now.
package enum EventPlace: Sendable, Hashable {
    case here
    case at(Peer)
    /// No node writes it just now.
    case nowhere(retryAfterSeconds: Int)
}

/// Which node writes which event.
///
/// It is asked for every request about an event, so it answers from memory. What it says may be out of date: a node
/// that is asked in vain says so, and it is asked again.
package protocol EventPlaces: Sendable {
    /// This node's name, visible ASCII.
    var node: String { get }
    /// The other live nodes.
    var peers: [Peer] { get }
    /// The names of the nodes that write events, as far as this one knows.
    var owners: Set<String> { get }
    /// What nodes show each other, the same everywhere; visible ASCII, at least 16 bytes.
    var secret: String { get }
    /// The node that takes new events; nil for this one.
    var creator: Peer? { get }

    /// For an event that nobody knows: ``EventPlace/here``, or ``EventPlace/nowhere(retryAfterSeconds:)``.
    func place(of event: String) -> EventPlace

    /// A node has answered.
    func noteAnswer(from peer: Peer)

    /// A node could not be reached, broke off, or said nothing in time. Whoever hears it should heed only what lasts: a
    /// node that is merely busy is late now and then.
    /// - Parameter since: when it was asked, in milliseconds of ``SystemClock/uptimeMilliseconds``.
    func noteNoAnswer(from peer: Peer, since: Int64)
}

extension EventPlaces {
    package var creator: Peer? { nil }
}
