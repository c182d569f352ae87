/// Which node answers an endpoint's requests. Every endpoint decides.
///
/// Each node follows every event by its journal, so what is merely looked at can be told by any. What changes an event,
/// or must see every change before it, goes to the event's owner.
enum ServingNode: Sendable, Hashable {
    /// Whichever node it came to.
    case any
    /// The owner of the path's event. Its answer must begin within so many seconds.
    case owner(seconds: Int, lane: PeerPool.Lane)
    /// The node that takes new events.
    case creator
    /// It is about several events, or about one that only its body names: the handler asks the other nodes.
    case several

    /// Whoever does not answer within so many seconds gives no answer any more, unless it waits or reads on purpose.
    static let promptSeconds = 5
    /// An owner that answers at once.
    static let promptOwner = ServingNode.owner(seconds: promptSeconds, lane: .prompt)
    /// An owner that reads or tells much: all orders, an event's whole journal after a restart.
    static let historian = ServingNode.owner(seconds: 60, lane: .long)
    /// An owner that may wait for a payment, for 30 s at most.
    static let cashier = ServingNode.owner(seconds: 35, lane: .patient)
}
