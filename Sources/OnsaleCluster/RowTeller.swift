import Dispatch
package import OnsaleEngine
package import OnsaleRedis
import Synchronization

/// Tells the other nodes what this one has committed, and nothing else. Nobody waits for it, and what doesn't get
/// through the others find in the journal.
package final class RowTeller: Sendable {
    /// The most rows that wait to be sealed and sent; later ones are not told of.
    private static let waitingMax = 4096

    private struct Waiting {
        var rows: [JournalRow] = []
        var isSending = false
    }

    private let client: RedisClient
    private let seal: Seal
    private let waiting = Mutex(Waiting())
    /// Sealing takes some microseconds a row, which the writer's thread has better use for.
    private let queue = DispatchQueue(label: "onsale.tell", qos: .userInitiated)

    package init(_ client: RedisClient, seal: Seal) {
        self.client = client
        self.seal = seal
    }

    private func tell(_ row: JournalRow) {
        guard client.state == .up else { return }
        let mustBegin = waiting.withLock { waiting in
            guard waiting.rows.count < RowTeller.waitingMax else { return false }
            waiting.rows.append(row)
            defer { waiting.isSending = true }
            return !waiting.isSending
        }
        if mustBegin { queue.async { [self] in send() } }
    }

    private func send() {
        while true {
            let rows = waiting.withLock { waiting in
                defer { waiting.rows.removeAll(keepingCapacity: true) }
                if waiting.rows.isEmpty { waiting.isSending = false }
                return waiting.rows
            }
            if rows.isEmpty { return }
            for row in rows {
                let channel = RedisNames.rows(of: row.partition)
                client.send(.publish(seal.seal(RowMessage(row).bytes, at: channel), on: channel))
            }
        }
    }
}

extension RowTeller: Follower {
    package func follow(_ committed: Committed, in partition: borrowing Partition) { tell(committed.row) }
    package func noteClaim(_ row: JournalRow) { tell(row) }
}
