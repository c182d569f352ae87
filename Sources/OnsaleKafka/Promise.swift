import Synchronization

/// An answer that one thread owes to one task. A class because both hold it; the mutex guards all.
final class Promise<Value: Sendable>: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Value, any Error>?
        var result: Result<Value, any Error>?
        var isClaimed = false
    }

    private let state = Mutex(State())

    /// Takes the right to answer, which there is once.
    /// - Returns: whether nobody had it: then ``answer(_:)`` must follow.
    func claim() -> Bool {
        state.withLock { state in
            defer { state.isClaimed = true }
            return !state.isClaimed
        }
    }

    /// Answers; whoever calls has claimed it.
    func answer(_ result: Result<Value, any Error>) {
        let continuation = state.withLock { state in
            state.result = result
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(with: result)
    }

    /// Answers if nobody has.
    func fulfil(_ result: Result<Value, any Error>) {
        if claim() { answer(result) }
    }

    /// Whether somebody has answered or will at once, be it that the task is cancelled.
    var isSettled: Bool { state.withLock { $0.isClaimed } }

    /// Waits for the answer; to be called once.
    /// - Throws: what was answered; `CancellationError` as soon as the task is cancelled.
    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state in
                    if state.result == nil { state.continuation = continuation }
                    return state.result
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            fulfil(.failure(CancellationError()))
        }
    }
}
