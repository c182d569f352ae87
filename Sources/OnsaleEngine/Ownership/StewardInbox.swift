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
        case mute(NodeID, milliseconds: Int64)
        /// The process is stopping: leave everything to others.
        case close
    }

    private struct State {
        var notes: [Note] = []
        var seats: [String: EventSeat] = [:]
        var neighbours: [RegisteredNode] = []
        var all: [RegisteredNode] = []
    }

    private let state = Mutex(State())
    private let bell = Bell()

    func put(_ note: Note) {
        state.withLock { $0.notes.append(note) }
        bell.ring()
    }

    func take() -> [Note] {
        state.withLock { state in
            defer { state.notes.removeAll(keepingCapacity: true) }
            return state.notes
        }
    }

    /// Waits for a note, but no longer than `milliseconds`.
    func wait(atMost milliseconds: Int64) {
        if state.withLock({ $0.notes.isEmpty }) { bell.wait(atMost: milliseconds) }
    }

    func ring() { bell.ring() }

    // MARK: What others see

    func publish(_ seats: [String: EventSeat], neighbours: [RegisteredNode], all: [RegisteredNode]) {
        state.withLock { state in
            state.seats = seats
            state.neighbours = neighbours
            state.all = all
        }
    }

    func seat(of event: String) -> EventSeat? { state.withLock { $0.seats[event] } }
    var seats: [String: EventSeat] { state.withLock { $0.seats } }
    /// The other nodes that are well.
    var neighbours: [RegisteredNode] { state.withLock { $0.neighbours } }
    var all: [RegisteredNode] { state.withLock { $0.all } }

    // MARK: EventCustody

    func collided(event: String) { put(.collided(event: event)) }

    func lostTrack(of event: String, row: JournalRow?, after rest: JournalHead, time: Timestamp) {
        put(.lostTrack(event: event, row: row, after: rest, time: time))
    }

    func gaveUp(_ state: RecoveredPartition, handle: EventHandle) { put(.gaveUp(state, handle)) }
}
