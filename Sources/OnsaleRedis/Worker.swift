import Foundation
import Synchronization

/// A thread of its own that ends when it is told to.
final class Worker: Sendable {
    private struct State {
        var isStopping = false
        var isEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    let alarm = Alarm()

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Starts the thread; once only. `body` returns soon after the alarm was rung and ``isStopping`` is true.
    func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            // hiredis writes without MSG_NOSIGNAL; blocked here, the signal reaches nobody.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            body()
            let waiting = state.withLock { state in
                state.isEnded = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
        thread.name = name
        thread.start()
    }

    /// Returns when the thread has ended.
    func stop() async {
        state.withLock { $0.isStopping = true }
        alarm.ring()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isEnded = state.withLock { state in
                if !state.isEnded { state.waiting.append(continuation) }
                return state.isEnded
            }
            if isEnded { continuation.resume() }
        }
    }
}
