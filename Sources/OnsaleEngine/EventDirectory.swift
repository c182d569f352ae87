import OnsaleValues
import Synchronization

/// All known events, and whether each is loaded.
///
/// An event is available exactly while the loop has its writer. The loop publishes it after taking the writer and
/// withdraws it before letting the writer go; callers in between wait.
final class EventDirectory: Sendable {
    typealias Waiter = CheckedContinuation<EventHandle, any Error>

    private enum Entry {
        case loaded(EventHandle)
        /// Being created, loaded or unloaded.
        case moving(EventSummary?)
        /// The summary is nil if the event could not be read at the start.
        case unloaded(EventSummary?)
        case outOfService
    }

    /// The most callers that may wait for one event.
    private static let waitersMax = 100_000

    private struct State {
        var entries: [String: Entry] = [:]
        /// Callers waiting for a moving event.
        var waiting: [String: [Waiter]] = [:]
        var isShutDown = false
    }

    private let state = Mutex(State())

    // MARK: Looking up

    enum Answer {
        case handle(EventHandle)
        case wait
        /// The event isn't loaded. The waiter is queued, and the caller must now load the event.
        case load
        case refused(EngineError)
    }

    /// The handle of a loaded event; nil if the caller has to wait for it.
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

    /// Finds the event, or queues the waiter for it.
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

    /// Makes every event unavailable: current and future callers get `.shuttingDown`.
    func shutDown() {
        let waiting = state.withLock { state in
            state.isShutDown = true
            defer { state.waiting.removeAll() }
            return state.waiting.values.flatMap { $0 }
        }
        fail(waiting, .shuttingDown)
    }

    /// The summaries of all events, sorted by ID.
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

    /// The views of the loaded events that are written here.
    func views() -> [EventView] {
        let handles = state.withLock { state in
            state.entries.values.compactMap { entry in
                if case .loaded(let handle) = entry { return handle }
                return nil
            }
        }
        return handles.compactMap { $0.isHere ? $0.view : nil }
    }

    /// How many events there are, by what they are doing. Moving ones count as loaded.
    var counts: (loaded: Int, resting: Int, outOfService: Int) {
        state.withLock { state in
            state.entries.values.reduce(into: (0, 0, 0)) { counts, entry in
                switch entry {
                case .loaded, .moving: counts.0 += 1
                case .unloaded: counts.1 += 1
                case .outOfService: counts.2 += 1
                }
            }
        }
    }

    /// The IDs of events a buyer may have orders in, sorted.
    func events(withOrdersOf buyer: BuyerID) -> [String] {
        state.withLock { state in
            state.entries.compactMap { id, entry in
                switch entry {
                case .loaded(let handle): handle.hasOrders(of: buyer) ? id : nil
                // The summary of a moving event may not list its buyers yet.
                case .moving: id
                case .unloaded(let summary): summary?.mayHaveOrders(of: buyer) ?? true ? id : nil
                case .outOfService: nil
                }
            }
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The ID of the event with this tag.
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

    /// Whether any event is still unknown: not yet read, or unreadable at the start.
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

    /// Reserves the ID of an event being created, or loaded at the start.
    /// - Returns: false if the ID is taken.
    func begin(_ id: String) -> Bool {
        enter(id, as: .moving(nil))
    }

    /// Enters an event that was already unloaded before the start.
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

    /// Reserves an event for another attempt at loading, after an earlier one failed.
    /// - Returns: false if it is already being loaded, or no longer needs to be.
    func beginAgain(_ id: String) -> Bool {
        state.withLock { state in
            guard case .unloaded(nil)? = state.entries[id], !state.isShutDown else { return false }
            state.entries[id] = .moving(nil)
            return true
        }
    }

    /// Makes the event available, now that the loop has its writer.
    func publish(_ handle: EventHandle) {
        for waiter in replace(handle.id, with: .loaded(handle)) { waiter.resume(returning: handle) }
    }

    /// Removes an event whose creation failed; its ID is free again. One that is known all the same, because another
    /// node has created it, stays.
    func forget(_ id: String, _ error: EngineError) {
        let waiting = state.withLock { state -> [Waiter] in
            guard case .moving(nil)? = state.entries[id] else { return [] }
            state.entries[id] = nil
            return state.waiting.removeValue(forKey: id) ?? []
        }
        fail(waiting, error)
    }

    /// Notes that loading failed for a reason that may pass.
    /// - Returns: whether nothing is known about the event yet, so loading must be retried soon.
    func postpone(_ id: String) -> Bool {
        let (waiting, isUnknown) = state.withLock { state -> ([Waiter], Bool) in
            guard case .moving(let summary)? = state.entries[id] else { return ([], false) }
            state.entries[id] = .unloaded(summary)
            return (state.waiting.removeValue(forKey: id) ?? [], summary == nil)
        }
        fail(waiting, .unavailable)
        return isUnknown
    }

    /// Makes the event unavailable until someone has looked at it and the process restarts.
    func takeOutOfService(_ id: String) {
        fail(replace(id, with: .outOfService), .outOfService)
    }

    /// Closes an event for unloading if its inbox is empty. From then on, callers wait.
    /// - Returns: false if its inbox isn't empty.
    func beginUnloading(_ handle: EventHandle) -> Bool {
        state.withLock { state in
            guard handle.closeIfEmpty() else { return false }
            state.entries[handle.id] = .moving(EventSummary(handle.view))
            return true
        }
    }

    /// Notes that the event is unloaded and its summary saved.
    /// - Returns: whether a caller waits for it, so it must be loaded again.
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
