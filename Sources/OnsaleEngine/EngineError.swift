/// Why a request got no answer from its event. Each has an answer for the person who meets it.
public enum EngineError: Error, Hashable, Sendable {
    /// There is no such event.
    case noSuchEvent
    /// There is one by this name.
    case eventExists
    /// Its inbox is full: come back in so many seconds.
    case overloaded(retryAfterSeconds: Int)
    /// The disk is full: nothing was kept of what was asked.
    case storageFull
    /// The process is ending; whether the command was kept is not known.
    case shuttingDown
    /// The event is out of service, since its journal is damaged or a bug was met; the log says which.
    case outOfService
    /// It could not be read just now: again later.
    case unavailable
}
