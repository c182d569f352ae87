/// Why a request got no answer from its event. The HTTP interface has a response for each case.
public enum EngineError: Error, Hashable, Sendable {
    /// There is no such event.
    case noSuchEvent
    /// An event with this ID already exists.
    case eventExists
    /// The event's inbox is full; retry after the given seconds.
    case overloaded(retryAfterSeconds: Int)
    /// The disk is full. Nothing was changed.
    case storageFull
    /// The process is stopping. The command may or may not have taken effect.
    case shuttingDown
    /// The event is out of service: its journal is damaged, another process wrote it, or a bug was detected. The log
    /// says which.
    case outOfService
    /// The event can't be read just now, or what became of the request can't be told; retry later.
    case unavailable
    /// Another node writes the event.
    case moved
}
