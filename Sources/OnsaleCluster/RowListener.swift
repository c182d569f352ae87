package import Logging
package import OnsaleEngine
package import OnsaleRedis
import Synchronization

/// Hears what the other nodes have committed. A gap needs no care here: what was missed the registry tells of. Must be
/// stopped.
package final class RowListener: Sendable {
    private let subscription: RedisSubscription
    private let rejected: Rejected

    private final class Rejected: Sendable {
        let count = Atomic<Int>(0)
    }

    /// - Parameter engine: told of every row that a node has sealed; this node's own too, which it knows already.
    package init(_ address: RedisAddress, name: String, seal: Seal, engine: Engine, logger: Logger) {
        let rejected = Rejected()
        self.rejected = rejected
        subscription = RedisSubscription(
            address, name: name, patterns: [RedisNames.allRows], logger: logger
        ) { event in
            guard case .message(let channel, let payload) = event else { return }
            guard let message = RowListener.open(payload, from: channel, seal) else {
                rejected.count.add(1, ordering: .relaxed)
                return
            }
            switch message {
            case .row(let row): engine.hear(row)
            case .notice(let event, let lastSequence): engine.hear(of: event, through: lastSequence)
            }
        }
    }

    /// What a node said on this channel; nil if no node did.
    static func open(_ payload: [UInt8], from channel: String, _ seal: Seal) -> RowMessage? {
        guard payload.count <= RowMessage.bytesMax + 64, let bytes = seal.open(payload, at: channel) else { return nil }
        return try? RowMessage(bytes)
    }

    /// Messages that no node had sealed, or that make no sense.
    package var rejectedMessages: Int { rejected.count.load(ordering: .relaxed) }

    package func stop() async { await subscription.stop() }
}
