import Logging
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
        case moving(EventSummary?, waiting: [Waiter])
        /// Its summary is not known where it could not be read at the start.
        case unloaded(EventSummary?)
        case outOfService
    }

    /// Who may wait for one event at a time.
    private static let waitersMax = 100_000

    private let entries = Mutex<[String: Entry]>([:])

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
        try entries.withLock { entries throws(EngineError) in
            switch entries[id] {
            case .loaded(let handle): return handle
            case .moving, .unloaded: return nil
            case .outOfService: throw .outOfService
            case nil: throw .noSuchEvent
            }
        }
    }

    /// Finds the event, or has the waiter wait for it.
    func find(_ id: String, _ waiter: Waiter) -> Answer {
        entries.withLock { entries in
            switch entries[id] {
            case .loaded(let handle): return .handle(handle)
            case .moving(let summary, let waiting):
                guard waiting.count < EventDirectory.waitersMax else {
                    return .refused(.overloaded(retryAfterSeconds: 1))
                }
                entries[id] = .moving(summary, waiting: waiting + [waiter])
                return .wait
            case .unloaded(let summary):
                entries[id] = .moving(summary, waiting: [waiter])
                return .load
            case .outOfService: return .refused(.outOfService)
            case nil: return .refused(.noSuchEvent)
            }
        }
    }

    /// What every event is listed as, by id.
    func summaries() -> [EventSummary] {
        let all = entries.withLock { Array($0.values) }
        return all.compactMap { entry in
            switch entry {
            case .loaded(let handle): EventSummary(handle.view)
            case .unloaded(let summary): summary
            case .moving(let summary, _): summary
            case .outOfService: nil
            }
        }.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
    }

    func views() -> [EventView] {
        entries.withLock { entries in
            entries.values.compactMap { entry in
                if case .loaded(let handle) = entry { return handle.view }
                return nil
            }
        }
    }

    /// Events that a buyer may have orders in.
    func events(where isWanted: (EventSummary) -> Bool) -> [String] {
        entries.withLock { entries in
            entries.compactMap { id, entry in
                switch entry {
                case .loaded: id
                // What it is listed as may not tell of its buyers yet.
                case .moving: id
                case .unloaded(let summary): summary.map(isWanted) ?? true ? id : nil
                case .outOfService: nil
                }
            }
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The event whose orders carry this tag.
    func event(tag: UInt64) -> String? {
        entries.withLock { entries in
            entries.first { _, entry in
                switch entry {
                case .loaded(let handle): handle.tag == tag
                case .unloaded(let summary), .moving(let summary, _): summary?.tag == tag
                case .outOfService: false
                }
            }?.key
        }
    }

    /// Whether there are events of which nothing is known yet.
    var isLoading: Bool {
        entries.withLock { entries in
            entries.values.contains { if case .moving(nil, _) = $0 { true } else { false } }
        }
    }

    // MARK: Moving

    /// Takes the name for a new event, or the event to be loaded at a start.
    /// - Returns: false if it is taken.
    func begin(_ id: String) -> Bool {
        enter(id, as: .moving(nil, waiting: []))
    }

    /// An event that was put to rest before the start.
    func begin(dormant summary: EventSummary) {
        _ = enter(summary.id, as: .unloaded(summary))
    }

    private func enter(_ id: String, as entry: Entry) -> Bool {
        entries.withLock { entries in
            guard entries[id] == nil else { return false }
            entries[id] = entry
            return true
        }
    }

    /// The loop has the event's writer: everybody may use it.
    func publish(_ handle: EventHandle) {
        let waiting = replace(handle.id, with: .loaded(handle))
        for waiter in waiting { waiter.resume(returning: handle) }
    }

    /// It came to nothing; the name is free again.
    func forget(_ id: String, _ error: EngineError) {
        fail(replace(id, with: nil), error)
    }

    /// It could not be loaded for a reason that may pass.
    func postpone(_ id: String) {
        let waiting = entries.withLock { entries -> [Waiter] in
            guard case .moving(let summary, let waiting)? = entries[id] else { return [] }
            entries[id] = .unloaded(summary)
            return waiting
        }
        fail(waiting, .unavailable)
    }

    /// It must not be used before somebody has looked at it.
    func takeOutOfService(_ id: String) {
        fail(replace(id, with: .outOfService), .outOfService)
    }

    /// Closes an event for unloading, if nothing waits in its inbox. Whoever asks from here on waits.
    func beginUnloading(_ handle: EventHandle) -> Bool {
        entries.withLock { entries in
            guard handle.closeIfEmpty() else { return false }
            entries[handle.id] = .moving(EventSummary(handle.view), waiting: [])
            return true
        }
    }

    /// What must be known of it is put away.
    /// - Returns: whether somebody waits for it, so that it must be loaded again.
    func finishUnloading(_ summary: EventSummary) -> Bool {
        entries.withLock { entries in
            guard case .moving(_, let waiting)? = entries[summary.id], !waiting.isEmpty else {
                entries[summary.id] = .unloaded(summary)
                return false
            }
            entries[summary.id] = .moving(summary, waiting: waiting)
            return true
        }
    }

    private func replace(_ id: String, with entry: Entry?) -> [Waiter] {
        entries.withLock { entries in
            defer { entries[id] = entry }
            if case .moving(_, let waiting)? = entries[id] { return waiting }
            return []
        }
    }

    private func fail(_ waiting: [Waiter], _ error: EngineError) {
        for waiter in waiting { waiter.resume(throwing: error) }
    }
}
