import OnsaleSale
import OnsaleValues
import Seeded
import Synchronization

@testable import OnsaleEngine

/// The channel on which nodes tell each other what they have committed: late, twice, out of order, or never.
final class Grapevine: Sendable {
    private struct State {
        var random: SeededRandom
        var now: Int64 = 0
        var underway: [(hearsay: Hearsay, to: NodeID, at: Int64)] = []
        var listeners: [NodeID: StewardInbox] = [:]
        /// How likely it is that something is lost, repeated or late; all of it lost at 1.
        var lost = 0.0
        var odd = 0.0
    }

    private let state: Mutex<State>

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        // In some runs there is none at all.
        let lost = [0, 0, 0.1, 0.5, 1][Int.random(in: 0..<5, using: &random)]
        let odd = random.happens(0.5) ? 0.3 : 0
        state = Mutex(State(random: random, lost: lost, odd: odd))
    }

    func join(_ node: NodeID, _ inbox: StewardInbox) { state.withLock { $0.listeners[node] = inbox } }
    func leave(_ node: NodeID) { state.withLock { $0.listeners[node] = nil } }

    /// Tells everyone, the sender included.
    func tell(_ row: JournalRow) {
        state.withLock { state in
            for node in state.listeners.keys.sorted() where !state.random.happens(state.lost) {
                let isNotice = state.random.happens(0.1)
                let hearsay: Hearsay =
                    isNotice ? .reaches(event: row.partition, lastSequence: row.lastSequence) : .row(row)
                for _ in 0..<(state.random.happens(state.odd) ? 2 : 1) {
                    let delay = state.random.happens(state.odd) ? Int64.random(in: 0...5000, using: &state.random) : 1
                    state.underway.append((hearsay, node, state.now + delay))
                }
            }
        }
    }

    /// Delivers what is due.
    func advance(to now: Int64) {
        let due = state.withLock { state in
            state.now = now
            let due = state.underway.filter { $0.at <= now }
            state.underway.removeAll { $0.at <= now }
            return due.compactMap { item in state.listeners[item.to].map { ($0, item.hearsay) } }
        }
        for (inbox, hearsay) in due { inbox.hear(hearsay) }
    }
}

/// Tells of what a node commits.
struct Teller: Follower {
    let grapevine: Grapevine

    func follow(_ committed: Committed, in partition: borrowing Partition) { grapevine.tell(committed.row) }
    func noteClaim(_ row: JournalRow) { grapevine.tell(row) }
}
