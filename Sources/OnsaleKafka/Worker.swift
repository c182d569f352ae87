import Foundation
import Synchronization

/// A thread of its own with a bounded list of jobs for it. A class because both sides hold it; the mutex guards all.
final class Worker<Job: Sendable>: Sendable {
    private struct State {
        var jobs: [Job] = []
        /// What was put and not released.
        var weight = 0
        var isStopping = false
        var isEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    enum Receipt {
        case taken
        case full
        case stopped
    }

    let bell = Bell()
    private let weightMax: Int
    private let state = Mutex(State())

    /// - Parameter weightMax: how much may be put that isn't released yet.
    init(weightMax: Int) { self.weightMax = weightMax }

    /// Starts the thread; once only. `body` returns soon after the bell was rung and ``isStopping`` is true. Whatever it
    /// hasn't taken by then is given to `refuse`.
    func start(_ name: String, refuse: @escaping @Sendable (Job) -> Void, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            // Sockets are written without MSG_NOSIGNAL by some libraries; blocked here, the signal reaches nobody.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            body()
            let (left, waiting) = state.withLock { state in
                state.isStopping = true
                state.isEnded = true
                defer {
                    state.jobs = []
                    state.waiting = []
                }
                return (state.jobs, state.waiting)
            }
            for job in left { refuse(job) }
            for continuation in waiting { continuation.resume() }
        }
        thread.name = name
        thread.start()
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    func put(_ job: Job, weight: Int) -> Receipt {
        let receipt: Receipt = state.withLock { state in
            if state.isStopping { return .stopped }
            guard weight <= weightMax - state.weight else { return .full }
            state.weight += weight
            state.jobs.append(job)
            return .taken
        }
        if case .taken = receipt { bell.ring() }
        return receipt
    }

    /// Makes room for others.
    func release(_ weight: Int) { state.withLock { $0.weight -= weight } }

    /// For the thread: what was put since.
    func take() -> [Job] {
        state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
    }

    /// Asks the thread to end.
    func stop() {
        state.withLock { $0.isStopping = true }
        bell.ring()
    }

    /// Returns when the thread has ended.
    func ended() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isEnded = state.withLock { state in
                if !state.isEnded { state.waiting.append(continuation) }
                return state.isEnded
            }
            if isEnded { continuation.resume() }
        }
    }
}
