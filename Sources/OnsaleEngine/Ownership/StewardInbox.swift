import OnsaleOwnership
import OnsaleValues
import Synchronization

/// What others tell a ``Steward``, and what it lets them see. The steward takes it in its next turn.
final class StewardInbox: EventCustody {
    enum Note: Sendable {
        case collided(event: String)
        case lostTrack(event: String, row: JournalRow?, after: JournalHead, time: Timestamp)
        case gaveUp(RecoveredPartition, EventHandle)
        case create(EventHandle, Partition, AuditNote?, @Sendable (Result<Void, EngineError>) -> Void)
        /// A node doesn't answer other nodes.
        case mute(NodeID)
        /// The process is stopping: leave everything to others.
        case close
    }

    private struct State {
        var notes: [Note] = []
        /// Of whom a note waits that they don't answer.
        var muted: Set<NodeID> = []
        var isClosed = false
        var hearsay: [Hearsay] = []
        var hearsayBytes = 0
        var heard = HeardFigures()
        var seats: [String: EventSeat] = [:]
        var nodes = Nodes()
    }

    /// The nodes, as others see them.
    struct Nodes: Sendable {
        /// The others that are well.
        var well: [RegisteredNode] = []
        /// The others that don't answer this node, though the registry says that they are well.
        var muted: [RegisteredNode] = []
        var all: [RegisteredNode] = []
    }

    private let state = Mutex(State())
    private let bell = Bell()

    func put(_ note: Note) {
        let isTaken = state.withLock { state in
            if !state.isClosed { state.notes.append(note) }
            return !state.isClosed
        }
        if isTaken { bell.ring() } else { StewardInbox.refuse(note) }
    }

    /// A node doesn't answer. Told by every request that it concerns, and noted once.
    func mute(_ node: NodeID) {
        if state.withLock({ $0.muted.insert(node).inserted }) { put(.mute(node)) }
    }

    func take() -> [Note] {
        state.withLock { state in
            defer {
                state.notes.removeAll(keepingCapacity: true)
                state.muted.removeAll(keepingCapacity: true)
            }
            return state.notes
        }
    }

    /// Nobody takes notes any more.
    func close() {
        state.withLock { $0.isClosed = true }
        for note in take() { StewardInbox.refuse(note) }
    }

    private static func refuse(_ note: Note) {
        if case .create(_, _, _, let reply) = note { reply(.failure(.shuttingDown)) }
    }

    /// Waits for a note, or for something to be heard, but no longer than `milliseconds`.
    func wait(atMost milliseconds: Int64) {
        if state.withLock({ $0.notes.isEmpty && $0.hearsay.isEmpty }) { bell.wait(atMost: milliseconds) }
    }

    func ring() { bell.ring() }

    // MARK: Hearsay

    /// Passes on what another node says. What is too much is dropped.
    func hear(_ hearsay: Hearsay) {
        let isFirst = state.withLock { state in
            guard state.hearsay.count < Hearsay.waitingMax,
                state.hearsayBytes + hearsay.bytes <= Hearsay.waitingBytesMax
            else {
                state.heard.dropped += 1
                return false
            }
            state.hearsay.append(hearsay)
            state.hearsayBytes += hearsay.bytes
            return state.hearsay.count == 1
        }
        if isFirst { bell.ring() }
    }

    func takeHearsay() -> [Hearsay] {
        state.withLock { state in
            state.hearsayBytes = 0
            defer { state.hearsay.removeAll(keepingCapacity: true) }
            return state.hearsay
        }
    }

    /// Whether nothing waits but what was heard.
    var hasOnlyHearsay: Bool { state.withLock { $0.notes.isEmpty && !$0.hearsay.isEmpty } }

    func count(_ figures: HeardFigures) {
        state.withLock { state in
            state.heard.replayed += figures.replayed
            state.heard.read += figures.read
            state.heard.known += figures.known
        }
    }

    var heard: HeardFigures { state.withLock { $0.heard } }

    // MARK: What others see

    func publish(_ seats: [String: EventSeat], nodes: Nodes) {
        state.withLock { state in
            state.seats = seats
            state.nodes = nodes
        }
    }

    func publish(_ seat: EventSeat, of event: String) { state.withLock { $0.seats[event] = seat } }

    func seat(of event: String) -> EventSeat? { state.withLock { $0.seats[event] } }
    var seats: [String: EventSeat] { state.withLock { $0.seats } }
    var nodes: Nodes { state.withLock { $0.nodes } }

    // MARK: EventCustody

    func collided(event: String) { put(.collided(event: event)) }

    func lostTrack(of event: String, row: JournalRow?, after rest: JournalHead, time: Timestamp) {
        put(.lostTrack(event: event, row: row, after: rest, time: time))
    }

    func gaveUp(_ state: RecoveredPartition, handle: EventHandle) { put(.gaveUp(state, handle)) }
}
