import OnsaleValues
import Synchronization

/// Which events there are, and where each stands between the disk and the loop.
///
/// An event is to be had while the loop has its writer, and only then: the loop itself says so, after it has taken the
/// writer and before it lets it go. Whoever asks in between waits.
final class EventDirectory: Sendable {
    typealias Waiter = CheckedContinuation<EventHandle, any Error>

    private enum Entry {
        case loaded(EventHandle)
        /// Being created, loaded or unloaded.
        case moving(EventSummary?)
        /// Its summary is not known where it could not be read at the start.
        case unloaded(EventSummary?)
        case outOfService
    }

    /// Who may wait for one event at a time.
    private static let waitersMax = 100_000

    private struct State {
        var entries: [String: Entry] = [:]
        /// Who waits for an event that is moving.
        var waiting: [String: [Waiter]] = [:]
        var isShutDown = false
    }

    private let state = Mutex(State())

    // MARK: Looking up

    enum Answer {
        case handle(EventHandle)
        case wait
        /// It is not loaded; whoever asked is waiting, and must see to it that it is.
        case load
        case refused(EngineError)
    }

    /// The handle of an event that is loaded; nil for one that has to be waited for.
    func loaded(_ id: String) throws(EngineError) -> EventHandle? {
        try state.withLock { state throws(EngineError) in
            if state.isShutDown { throw .shuttingDown }
            switch state.entries[id] {
            case .loaded(let handle): return handle
            case .moving, .unloaded: return nil
            case .outOfService: throw .outOfService
            case nil: throw .noSuchEvent
            }
        }
    }

    /// Finds the event, or has the waiter wait for it.
    func find(_ id: String, _ waiter: Waiter) -> Answer {
        state.withLock { state in
            if state.isShutDown { return .refused(.shuttingDown) }
            switch state.entries[id] {
            case .loaded(let handle): return .handle(handle)
            case .moving:
                guard state.waiting[id]?.count ?? 0 < EventDirectory.waitersMax else {
                    return .refused(.overloaded(retryAfterSeconds: 1))
                }
                state.waiting[id, default: []].append(waiter)
                return .wait
            case .unloaded(let summary):
                state.entries[id] = .moving(summary)
                state.waiting[id, default: []].append(waiter)
                return .load
            case .outOfService: return .refused(.outOfService)
            case nil: return .refused(.noSuchEvent)
            }
        }
    }

    /// From here on nothing is to be had: whoever asks is told so, and so is whoever waits.
    func shutDown() {
        let waiting = state.withLock { state in
            state.isShutDown = true
            defer { state.waiting.removeAll() }
            return state.waiting.values.flatMap { $0 }
        }
        fail(waiting, .shuttingDown)
    }

    /// What every event is listed as, by id.
    func summaries() -> [EventSummary] {
        let all = state.withLock { Array($0.entries.values) }
        return all.compactMap { entry in
            switch entry {
            case .loaded(let handle): EventSummary(handle.view)
            case .unloaded(let summary): summary
            case .moving(let summary): summary
            case .outOfService: nil
            }
        }.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
    }

    func views() -> [EventView] {
        state.withLock { state in
            state.entries.values.compactMap { entry in
                if case .loaded(let handle) = entry { return handle.view }
                return nil
            }
        }
    }

    /// Events that a buyer may have orders in, by id.
    func events(withOrdersOf buyer: BuyerID) -> [String] {
        state.withLock { state in
            state.entries.compactMap { id, entry in
                switch entry {
                case .loaded(let handle): handle.hasOrders(of: buyer) ? id : nil
                // What it is listed as may not tell of its buyers yet.
                case .moving: id
                case .unloaded(let summary): summary?.mayHaveOrders(of: buyer) ?? true ? id : nil
                case .outOfService: nil
                }
            }
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The event whose orders carry this tag.
    func event(tag: UInt64) -> String? {
        state.withLock { state in
            state.entries.first { _, entry in
                switch entry {
                case .loaded(let handle): handle.tag == tag
                case .unloaded(let summary), .moving(let summary): summary?.tag == tag
                case .outOfService: false
                }
            }?.key
        }
    }

    /// Whether there are events of which nothing is known yet.
    var isLoading: Bool {
        state.withLock { state in
            state.entries.values.contains { entry in
                switch entry {
                case .moving(nil), .unloaded(nil): true
                default: false
                }
            }
        }
    }

    // MARK: Moving

    /// Takes the name for a new event, or the event to be loaded at a start.
    /// - Returns: false if it is taken.
    func begin(_ id: String) -> Bool {
        enter(id, as: .moving(nil))
    }

    /// An event that was put to rest before the start.
    func begin(dormant summary: EventSummary) {
        _ = enter(summary.id, as: .unloaded(summary))
    }

    private func enter(_ id: String, as entry: Entry) -> Bool {
        state.withLock { state in
            guard state.entries[id] == nil else { return false }
            state.entries[id] = entry
            return true
        }
    }

    /// Takes an event to be loaded again that could not be before.
    /// - Returns: false if somebody else has, or nobody need.
    func beginAgain(_ id: String) -> Bool {
        state.withLock { state in
            guard case .unloaded(nil)? = state.entries[id], !state.isShutDown else { return false }
            state.entries[id] = .moving(nil)
            return true
        }
    }

    /// The loop has the event's writer: everybody may use it.
    func publish(_ handle: EventHandle) {
        for waiter in replace(handle.id, with: .loaded(handle)) { waiter.resume(returning: handle) }
    }

    /// It came to nothing; the name is free again.
    func forget(_ id: String, _ error: EngineError) {
        fail(replace(id, with: nil), error)
    }

    /// It could not be loaded for a reason that may pass.
    /// - Returns: whether nothing is known of it, so that it must be tried again soon.
    func postpone(_ id: String) -> Bool {
        let (waiting, isUnknown) = state.withLock { state -> ([Waiter], Bool) in
            guard case .moving(let summary)? = state.entries[id] else { return ([], false) }
            state.entries[id] = .unloaded(summary)
            return (state.waiting.removeValue(forKey: id) ?? [], summary == nil)
        }
        fail(waiting, .unavailable)
        return isUnknown
    }

    /// It must not be used before somebody has looked at it.
    func takeOutOfService(_ id: String) {
        fail(replace(id, with: .outOfService), .outOfService)
    }

    /// Closes an event for unloading, if nothing waits in its inbox. Whoever asks from here on waits.
    func beginUnloading(_ handle: EventHandle) -> Bool {
        state.withLock { state in
            guard handle.closeIfEmpty() else { return false }
            state.entries[handle.id] = .moving(EventSummary(handle.view))
            return true
        }
    }

    /// What must be known of it is put away.
    /// - Returns: whether somebody waits for it, so that it must be loaded again.
    func finishUnloading(_ summary: EventSummary) -> Bool {
        state.withLock { state in
            let isWanted = !(state.waiting[summary.id]?.isEmpty ?? true)
            state.entries[summary.id] = isWanted ? .moving(summary) : .unloaded(summary)
            return isWanted
        }
    }

    private func replace(_ id: String, with entry: Entry?) -> [Waiter] {
        state.withLock { state in
            state.entries[id] = entry
            return state.waiting.removeValue(forKey: id) ?? []
        }
    }

    private func fail(_ waiting: [Waiter], _ error: EngineError) {
        for waiter in waiting { waiter.resume(throwing: error) }
    }
}
