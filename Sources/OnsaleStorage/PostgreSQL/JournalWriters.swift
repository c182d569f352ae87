import Foundation
import Metrics
import OnsaleEngine
import OnsalePostgres

/// Threads that write batches to PostgreSQL, each with a connection of its own. A class, since threads share it.
final class JournalWriters: Sendable {
    private struct Batch: Sendable {
        let rows: [JournalRow]
        let deadline: Deadline
        let done: @Sendable ([AppendOutcome]) -> Void
    }

    private struct State: Sendable {
        var batches: [Batch] = []
        /// How many threads have a connection.
        var connected = 0
        var running = 0
        var isClosed = false
    }

    let count: Int
    private let configuration: PostgresConfiguration
    private let limit: Duration
    private let state = Monitor(State())
    /// How many batches may wait beside those that are being written.
    private let waitingMax: Int
    /// How long a batch takes once it has a connection: almost all of it is the server's sync.
    private let syncs = Metrics.Timer(label: "onsale_sync_seconds")

    /// - Parameter limit: how long a batch may take, waiting for a connection included.
    init(_ configuration: PostgresConfiguration, count: Int, limit: Duration) {
        var configuration = configuration
        // The server gives up first, so that as a rule we know what became of a batch.
        configuration.statementLimit = limit * 0.9
        configuration.lockLimit = limit * 0.5
        self.configuration = configuration
        self.count = max(1, count)
        self.limit = limit
        waitingMax = 2 * self.count
    }

    func start() {
        for number in 0..<count {
            state.change { $0.running += 1 }
            let thread = Thread { [self] in
                run()
                state.change { $0.running -= 1 }
            }
            thread.name = "onsale.pg.\(number)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void) {
        let batch = Batch(rows: rows, deadline: .after(limit), done: done)
        let (waitingMax, count) = (waitingMax, count)
        let refusal = state.change { state -> String? in
            if state.isClosed { return "the journal has been closed" }
            if state.batches.count >= waitingMax + count { return "too many batches are under way" }
            state.batches.append(batch)
            return nil
        }
        guard let refusal else { return }
        let outcome = AppendOutcome.unavailable(PostgresError(.notSent, refusal))
        done(rows.map { _ in outcome })
    }

    /// Writes what waits, then ends the threads.
    func close() {
        state.change { $0.isClosed = true }
        _ = state.wait(until: .after(limit + configuration.connectLimit)) { $0.running == 0 ? true : nil }
    }

    // MARK: A thread

    private enum Turn: Sendable {
        case write(Batch)
        case end
    }

    private func run() {
        var connection: PostgresConnection?
        var backoff = Backoff()
        while true {
            var pause = Duration.seconds(3600)
            if connection == nil {
                // In the background, so that the next batch finds a connection.
                do {
                    connection = try PostgresConnection(configuration, by: .after(limit * 0.5))
                    state.change { $0.connected += 1 }
                    backoff.reset()
                } catch {
                    pause = backoff.next()
                    failOverdue(error)
                }
            }
            let isConnected = connection != nil
            switch state.wait(until: .after(pause), { take(&$0, isConnected) }) {
            case .end: return
            case .write(let batch):
                let outcomes = write(batch, &connection)
                batch.done(outcomes)
            case nil: break
            }
        }
    }

    private func take(_ state: inout State, _ isConnected: Bool) -> Turn? {
        if !state.batches.isEmpty, isConnected || state.connected == 0 && state.isClosed {
            return .write(state.batches.removeFirst())
        }
        return state.isClosed ? .end : nil
    }

    /// Ends the wait of batches that no thread has had a connection for.
    private func failOverdue(_ error: any Error) {
        let overdue = state.change { state in
            let overdue = state.batches.filter(\.deadline.hasPassed)
            state.batches.removeAll(where: \.deadline.hasPassed)
            return overdue
        }
        for batch in overdue { batch.done(batch.rows.map { _ in .unavailable(error) }) }
    }

    private func write(_ batch: Batch, _ connection: inout PostgresConnection?) -> [AppendOutcome] {
        var failure = PostgresError(.notSent, "no connection to \(configuration) in time")
        while !batch.deadline.hasPassed {
            do {
                if connection == nil {
                    connection = try PostgresConnection(configuration, by: batch.deadline)
                    state.change { $0.connected += 1 }
                }
                guard let open = connection else { break }
                let began = DispatchTime.now().uptimeNanoseconds
                defer {
                    discardIfBroken(&connection)
                    syncs.recordNanoseconds(DispatchTime.now().uptimeNanoseconds - began)
                }
                return try AppendBatch.write(batch.rows, to: open, by: batch.deadline)
            } catch let error as PostgresError {
                // Nothing was sent.
                failure = error
                let pause = Deadline.after(.milliseconds(50)).orEarlier(batch.deadline)
                _ = state.wait(until: pause) { _ in Bool?.none }
            } catch {
                return batch.rows.map { _ in .unknown(error) }
            }
        }
        return batch.rows.map { _ in .unavailable(failure) }
    }

    private func discardIfBroken(_ connection: inout PostgresConnection?) {
        guard let known = connection, !known.isIdle else { return }
        known.close()
        connection = nil
        state.change { $0.connected -= 1 }
    }
}
