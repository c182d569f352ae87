import Dispatch
import Synchronization

/// Where mails wait for the threads. A class because it is shared with them; the mutex guards all, and the semaphore
/// counts what waits.
final class SMTPInbox: Sendable {
    struct Waiting: Sendable {
        let message: SMTPMessage
        let settle: @Sendable (SMTPOutcome) -> Void
    }

    private struct State {
        var waiting: [Waiting] = []
        var first = 0
        /// Waiting or under way.
        var count = 0
    }

    private let mailsMax: Int
    private let state = Mutex(State())
    private let stopping = Atomic(false)
    private let semaphore = DispatchSemaphore(value: 0)

    init(mailsMax: Int) { self.mailsMax = mailsMax }

    private static let stopped = SMTPOutcome.unreachable("Sending has been stopped.")

    /// - Returns: the outcome of a mail that isn't taken.
    func put(_ waiting: Waiting) -> SMTPOutcome? {
        let refusal: SMTPOutcome? = state.withLock { state in
            if isStopping { return SMTPInbox.stopped }
            guard state.count < mailsMax else {
                return .refusedForNow(SMTPRefusal(code: 0, text: "Too many mails are under way."))
            }
            state.waiting.append(waiting)
            state.count += 1
            return nil
        }
        if refusal == nil { semaphore.signal() }
        return refusal
    }

    /// From here on everything is refused, and what waits is settled.
    func stop(threads: Int) {
        let left = state.withLock { state in
            stopping.store(true, ordering: .releasing)
            defer { state = State() }
            return state.waiting[state.first...]
        }
        for waiting in left { waiting.settle(SMTPInbox.stopped) }
        for _ in 0..<threads { semaphore.signal() }
    }

    // MARK: For the threads

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// The next mail, as soon as there is one; nil when it is time to stop.
    func next() -> Waiting? {
        while true {
            semaphore.wait()
            if isStopping { return nil }
            let waiting: Waiting? = state.withLock { state in
                guard state.first < state.waiting.count else { return nil }
                let waiting = state.waiting[state.first]
                state.first += 1
                if state.first == state.waiting.count {
                    state.waiting.removeAll(keepingCapacity: true)
                    state.first = 0
                }
                return waiting
            }
            if let waiting { return waiting }
        }
    }

    /// Makes room, then tells.
    func settle(_ waiting: Waiting, _ outcome: SMTPOutcome) {
        state.withLock { $0.count = max(0, $0.count - 1) }
        waiting.settle(outcome)
    }
}
