import Foundation
import Synchronization

/// What other threads have sent the writer since it last looked.
final class Mailbox: Sendable {
    enum Arrival: Sendable {
        case loaded(EventHandle, RecoveredPartition)
        case created(EventHandle, Partition, EventWriter.Created)
        case snapshotTaken(event: String, sequence: UInt64?)
        case appended(batch: UInt64, [AppendOutcome])
        case settled(event: String, Settlement)
        /// Stop writing the event at the next rest between two batches.
        case release(event: String)
        /// Tell someone that everything delivered before has been taken in.
        case reached(@Sendable () -> Void)
        /// The journal has rows of another owner.
        case challenge(event: String, epoch: UInt64)
        /// Stop making callers wait for orders.
        case drain
    }

    struct Mail: Sendable {
        /// Events with something in their inbox.
        var ready: [EventHandle] = []
        var arrivals: [Arrival] = []

        var isEmpty: Bool { ready.isEmpty && arrivals.isEmpty }
    }

    private struct State {
        var mail = Mail()
        var isSleeping = false
        var isStopping = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let bell = Bell()

    // MARK: Putting in

    func tell(_ handle: EventHandle) {
        put { $0.ready.append(handle) }
    }

    func deliver(_ arrival: Arrival) {
        if !put({ $0.arrivals.append(arrival) }) { Mailbox.refuse(arrival) }
    }

    /// Adds to the mail, and wakes the writer if it sleeps.
    /// - Returns: false if the writer has ended.
    @discardableResult
    private func put(_ body: (inout Mail) -> Void) -> Bool {
        let (isClosed, wasSleeping) = state.withLock { state in
            guard !state.isClosed else { return (true, false) }
            body(&state.mail)
            defer { state.isSleeping = false }
            return (false, state.isSleeping)
        }
        if wasSleeping { bell.ring() }
        return !isClosed
    }

    /// Answers an arrival that came after the writer ended.
    private static func refuse(_ arrival: Arrival) {
        switch arrival {
        case .created(_, _, let reply): reply(.failure(.shuttingDown))
        case .reached(let reply): reply()
        default: break
        }
    }

    // MARK: Taking out

    /// Takes the mail; if there is none, waits for it up to `milliseconds`.
    func take(waitingAtMost milliseconds: Int64) -> (mail: Mail, isStopping: Bool) {
        let mustWait = state.withLock { state in
            guard state.mail.isEmpty, !state.isStopping, milliseconds > 0 else { return false }
            state.isSleeping = true
            return true
        }
        if mustWait {
            bell.wait(atMost: milliseconds)
        } else {
            // Let threads about to send go first: on a busy machine that makes batches larger and syncs fewer.
            sched_yield()
        }
        return state.withLock { state in
            defer {
                state.mail.ready.removeAll(keepingCapacity: true)
                state.mail.arrivals.removeAll()
                state.isSleeping = false
            }
            return (state.mail, state.isStopping)
        }
    }

    /// Tells the writer to end once it has nothing left to do.
    func stop() {
        state.withLock { $0.isStopping = true }
        bell.ring()
    }

    /// Closes the mailbox; late arrivals are refused.
    func close() {
        let late = state.withLock { state in
            state.isClosed = true
            defer { state.mail.arrivals.removeAll() }
            return state.mail.arrivals
        }
        for arrival in late { Mailbox.refuse(arrival) }
    }
}
