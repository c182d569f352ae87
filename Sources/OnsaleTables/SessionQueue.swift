import Dispatch
import Synchronization

/// Runs what blocks, one after the other, off the cooperative pool.
final class SessionQueue: Sendable {
    /// Whoever comes when so many wait is turned away.
    static let waitingMax = 1024

    private struct State {
        var waiting = 0
        var isClosed = false
    }

    private let queue: DispatchQueue
    private let state = Mutex(State())

    init(_ label: String) {
        queue = DispatchQueue(label: label, qos: .utility)
    }

    /// - Throws: ``TablesError``, what `body` throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try state.withLock { state in
            guard !state.isClosed else { throw TablesError.closed }
            guard state.waiting < SessionQueue.waitingMax else { throw TablesError.overloaded }
            state.waiting += 1
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                let isClosed = state.withLock { $0.isClosed }
                let result = Result { if isClosed { throw TablesError.closed } else { try body() } }
                state.withLock { $0.waiting -= 1 }
                continuation.resume(with: result)
            }
        }
    }

    /// Turns everyone away, waits for what has begun, and ends with `body`; the second time nothing happens.
    func close(_ body: @escaping @Sendable () -> Void) async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        await withCheckedContinuation { continuation in
            queue.async {
                if isFirst { body() }
                continuation.resume()
            }
        }
    }
}
