import Metrics
import Synchronization

/// What became of requests that were passed on, by node.
final class ForwardMetrics: Sendable {
    enum Outcome: String, CaseIterable {
        /// The other node answered, whatever it said.
        case answered
        /// It answered that it doesn't own the event.
        case notOwner = "not_owner"
        /// It could not be reached; nothing was sent.
        case unreachable
        /// It was sent, and the connection broke before an answer came.
        case lost
        /// It was sent, and no answer came in time.
        case late
        /// Something else than that node answered at its address.
        case stranger
        /// So many were under way to that node that it was not sent.
        case full
    }

    private struct Series {
        let outcomes: [Outcome: Counter]
        let added: Timer
    }

    /// A node that nobody knows can't be asked, so there are as many as there were nodes since the start.
    private static let nodesMax = 100
    private let series = Mutex<[String: Series]>([:])

    func count(_ outcome: Outcome, _ peer: Peer) { of(peer).outcomes[outcome]?.increment() }

    /// How much longer the client waited because this node is not the other.
    func added(nanoseconds: Int64, _ peer: Peer) { of(peer).added.recordNanoseconds(nanoseconds) }

    private func of(_ peer: Peer) -> Series {
        series.withLock { series in
            if let known = series[peer.name] { return known }
            if series.count >= ForwardMetrics.nodesMax { series.removeAll() }
            let new = ForwardMetrics.make(peer.name)
            series[peer.name] = new
            return new
        }
    }

    private static func make(_ node: String) -> Series {
        // All there can be, so that each begins at zero and its first event is seen as an increase.
        let outcomes = Outcome.allCases.map { outcome in
            let labels = [("node", node), ("outcome", outcome.rawValue)]
            return (outcome, Counter(label: "onsale_forwarded_requests_total", dimensions: labels))
        }
        return Series(
            outcomes: Dictionary(uniqueKeysWithValues: outcomes),
            added: Timer(label: "onsale_forward_added_seconds", dimensions: [("node", node)]))
    }
}
