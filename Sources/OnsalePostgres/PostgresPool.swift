/// A bounded number of connections, lent to whoever asks from a thread of its own. A class, since threads share it.
package final class PostgresPool: Sendable {
    /// A connection on its way from one owner to the next.
    private struct Lent: @unchecked Sendable {
        // Unchecked: the pool has forgotten it when somebody has it, so there is one owner at a time.
        let connection: PostgresConnection
    }

    private struct State: Sendable {
        var idle: [Lent] = []
        /// Connections that are lent or being made.
        var busy = 0
        var isClosed = false
    }

    /// Where it connects to.
    package let configuration: PostgresConfiguration
    private let size: Int
    /// A pool's connections may all have died at the same time.
    private static let repeatsMax = 8
    private let state = Monitor(State())

    /// A pool without connections; they are made when somebody needs one.
    package init(_ configuration: PostgresConfiguration, size: Int) {
        self.configuration = configuration
        self.size = max(1, size)
    }

    /// Lends a connection. One that is broken afterward, or in a transaction, is closed.
    /// - Throws: ``PostgresError`` `notSent` when there is none before the deadline, or what `body` throws.
    package func withConnection<Value>(
        by deadline: Deadline, _ body: (PostgresConnection) throws -> Value
    ) throws -> Value {
        let connection = try take(by: deadline)
        defer { give(connection) }
        return try body(connection)
    }

    /// Lends a connection, and another one each time that it breaks. `body` must do the same when it runs again.
    /// - Throws: ``PostgresError`` once the deadline has passed, or what the server or `body` throws.
    package func withRepeats<Value>(
        by deadline: Deadline, _ body: (PostgresConnection) throws -> Value
    ) throws -> Value {
        for _ in 1..<PostgresPool.repeatsMax {
            do {
                return try withConnection(by: deadline, body)
            } catch let error as PostgresError where error.outcome != .refused && !deadline.hasPassed && !isClosed {}
        }
        return try withConnection(by: deadline, body)
    }

    /// Whether it has been closed.
    package var isClosed: Bool { state.change { $0.isClosed } }

    /// Closes all connections; those that are lent, when they come back.
    package func close() {
        let idle = state.change { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for lent in idle { lent.connection.close() }
    }

    private enum Turn: Sendable {
        case use(Lent)
        case make
        case closed
    }

    private func take(by deadline: Deadline) throws -> PostgresConnection {
        let size = size
        let turn = state.wait(until: deadline) { state -> Turn? in
            if state.isClosed { return .closed }
            if let lent = state.idle.popLast() {
                state.busy += 1
                return .use(lent)
            }
            guard state.busy < size else { return nil }
            state.busy += 1
            return .make
        }
        switch turn {
        case .use(let lent): return lent.connection
        case .make: return try make(by: deadline)
        case .closed: throw PostgresError(.notSent, "the connections to \(configuration) have been closed")
        case nil: throw PostgresError(.notSent, "all \(size) connections to \(configuration) are in use")
        }
    }

    private func make(by deadline: Deadline) throws -> PostgresConnection {
        var backoff = Backoff()
        while true {
            do {
                return try PostgresConnection(configuration, by: deadline)
            } catch {
                let pause = Deadline.after(backoff.next()).orEarlier(deadline)
                let isClosed = state.wait(until: pause) { $0.isClosed ? true : nil } ?? false
                if isClosed || deadline.hasPassed {
                    state.change { $0.busy -= 1 }
                    throw error
                }
            }
        }
    }

    private func give(_ connection: PostgresConnection) {
        let isUsable = connection.isIdle
        let lent = Lent(connection: connection)
        let isKept = state.change { state in
            state.busy -= 1
            guard isUsable, !state.isClosed else { return false }
            state.idle.append(lent)
            return true
        }
        if !isKept { connection.close() }
    }
}
