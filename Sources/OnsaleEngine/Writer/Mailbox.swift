import Foundation
import Synchronization

/// What has come for the writer from other threads since it last looked.
final class Mailbox: Sendable {
    enum Arrival: Sendable {
        case loaded(EventHandle, RecoveredPartition)
        case created(EventHandle, Partition, EventWriter.Created)
        case snapshotTaken(event: String, sequence: UInt64?)
        /// Nobody is kept waiting for an order any longer.
        case drain
    }

    struct Mail: Sendable {
        /// Events in whose inbox something waits.
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
    private let bell = DispatchSemaphore(value: 0)

    // MARK: Putting in

    func tell(_ handle: EventHandle) {
        put { $0.ready.append(handle) }
    }

    func deliver(_ arrival: Arrival) {
        if !put({ $0.arrivals.append(arrival) }) { Mailbox.refuse(arrival) }
    }

    /// Adds to the mail, and wakes the writer if it sleeps.
    /// - Returns: false if nobody is there any more.
    @discardableResult
    private func put(_ body: (inout Mail) -> Void) -> Bool {
        let (isClosed, wasSleeping) = state.withLock { state in
            guard !state.isClosed else { return (true, false) }
            body(&state.mail)
            defer { state.isSleeping = false }
            return (false, state.isSleeping)
        }
        if wasSleeping { bell.signal() }
        return !isClosed
    }

    /// Nobody is there any more to take it.
    private static func refuse(_ arrival: Arrival) {
        if case .created(_, _, let reply) = arrival { reply(.failure(.shuttingDown)) }
    }

    // MARK: Taking out

    /// Waits until there is something, or for so long, and takes it.
    func take(waitingAtMost milliseconds: Int64) -> (mail: Mail, isStopping: Bool) {
        let mustWait = state.withLock { state in
            guard state.mail.isEmpty, !state.isStopping, milliseconds > 0 else { return false }
            state.isSleeping = true
            return true
        }
        if mustWait {
            _ = bell.wait(timeout: .now() + .milliseconds(Int(milliseconds)))
        } else {
            // Whoever is about to ask is let go first: on a busy machine a batch then holds more, and syncs are fewer.
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

    /// Has the writer end when it has nothing more to do.
    func stop() {
        state.withLock { $0.isStopping = true }
        bell.signal()
    }

    /// Takes nothing any more: what has come late is refused.
    func close() {
        let late = state.withLock { state in
            state.isClosed = true
            defer { state.mail.arrivals.removeAll() }
            return state.mail.arrivals
        }
        for arrival in late { Mailbox.refuse(arrival) }
    }
}
