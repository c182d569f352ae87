import Dispatch
import OnsaleEngine
import Synchronization

/// Reads the journal for whoever asks, one at a time: off the writer's thread, and off the cooperative pool, which a
/// blocking read would starve.
final class ReadingQueue: Sendable {
    /// Whoever comes when so many are waiting is turned away.
    static let waitingMax = 32

    private struct State {
        var waiting = 0
        var hasStopped = false
    }

    private let queue: DispatchQueue
    private let state = Mutex(State())

    init(label: String) {
        queue = DispatchQueue(label: label, qos: .utility)
    }

    /// How many wait, counting the one that is served.
    var waiting: Int { state.withLock { $0.waiting } }

    /// - Throws: ``EngineError`` if too many are waiting or the process is stopping, or what `body` throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try state.withLock { state in
            guard !state.hasStopped else { throw EngineError.shuttingDown }
            guard state.waiting < ReadingQueue.waitingMax else { throw EngineError.overloaded(retryAfterSeconds: 2) }
            state.waiting += 1
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                let result = Result {
                    try checkIsOpen()
                    return try body()
                }
                state.withLock { $0.waiting -= 1 }
                continuation.resume(with: result)
            }
        }
    }

    /// Call it between rows, so that a long read ends when the process does.
    func checkIsOpen() throws(EngineError) {
        if state.withLock({ $0.hasStopped }) { throw .shuttingDown }
    }

    /// Ends what is being read and turns everyone away. The journal may be closed once this returns.
    func stop() async {
        state.withLock { $0.hasStopped = true }
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
    }
}
