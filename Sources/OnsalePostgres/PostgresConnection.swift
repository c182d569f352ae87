import CPostgres

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A connection to PostgreSQL. A class, since it owns a socket; one owner at a time.
///
/// Its calls block, each until its own deadline, so make them on threads of your own. Underneath libpq never blocks: we
/// wait for its socket. After a deadline or a broken connection it is closed for good, since nobody knows what would be
/// answered next.
package final class PostgresConnection {
    private(set) var handle: OpaquePointer?
    let configuration: PostgresConfiguration
    /// The names of the statements that the server knows.
    var prepared: Set<String> = []

    /// Connects, and sets the session up.
    /// - Throws: ``PostgresError``, always `notSent`.
    package init(_ configuration: PostgresConfiguration, by deadline: Deadline? = nil) throws {
        self.configuration = configuration
        let limit = Deadline.after(configuration.connectLimit)
        let deadline = deadline?.orEarlier(limit) ?? limit
        handle = configuration.start()
        do {
            try connect(by: deadline)
            try execute(configuration.sessionSQL, by: deadline)
        } catch let error as PostgresError {
            close()
            throw PostgresError(.notSent, sqlState: error.sqlState, error.message)
        }
    }

    deinit { close() }

    private func connect(by deadline: Deadline) throws {
        guard let handle, PQstatus(handle) != CONNECTION_BAD else { throw lost(.notSent) }
        // Without one libpq writes notices to standard error.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        var step = PGRES_POLLING_WRITING
        while step != PGRES_POLLING_OK {
            guard step != PGRES_POLLING_FAILED else { throw lost(.notSent) }
            try wait(for: step == PGRES_POLLING_READING ? POLLIN : POLLOUT, by: deadline, .notSent)
            step = PQconnectPoll(handle)
        }
        guard PQsetnonblocking(handle, 1) == 0 else { throw lost(.notSent) }
    }

    /// Whether it can still be used, as far as known without asking the server.
    package var isOpen: Bool { handle != nil }

    /// Whether no transaction is open, and nothing under way.
    package var isIdle: Bool { handle.map { PQtransactionStatus($0) == PQTRANS_IDLE } ?? false }

    /// The process that serves it, as in `pg_stat_activity`.
    package var backend: Int32 { handle.map { PQbackendPID($0) } ?? 0 }

    /// The TLS protocol and cipher; nil without TLS.
    package var encryption: String? {
        guard let handle, PQsslInUse(handle) == 1 else { return nil }
        let values = ["protocol", "cipher"].compactMap { (name: String) in
            PQsslAttribute(handle, name).map { String(cString: $0) }
        }
        return values.joined(separator: " ")
    }

    /// Closes it. Nothing can be asked afterward.
    package func close() {
        if let handle { PQfinish(handle) }
        handle = nil
    }

    // MARK: Waiting

    /// The connection, if it is still there; else nothing will be sent.
    func ready() throws -> OpaquePointer {
        guard let handle else { throw PostgresError(.notSent, "the connection is closed") }
        // What the server has said meanwhile: that it ends the session, as a rule, and then the socket's end.
        var polled = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        while poll(&polled, 1, 0) > 0 {
            guard PQconsumeInput(handle) == 1, PQisBusy(handle) == 0, PQstatus(handle) == CONNECTION_OK else {
                throw lost(.notSent)
            }
        }
        return handle
    }

    /// Sends what libpq has gathered. The server may be waiting to write as well, so we read meanwhile.
    func flush(_ handle: OpaquePointer, by deadline: Deadline) throws {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                try wait(for: POLLIN | POLLOUT, by: deadline, .unknown)
                guard PQconsumeInput(handle) == 1 else { throw lost(.unknown) }
            default: throw lost(.unknown)
            }
        }
    }

    /// The next result; nil at the end of a statement's.
    func next(_ handle: OpaquePointer, by deadline: Deadline) throws -> OpaquePointer? {
        while PQisBusy(handle) == 1 {
            try wait(for: POLLIN, by: deadline, .unknown)
            guard PQconsumeInput(handle) == 1 else { throw lost(.unknown) }
        }
        return PQgetResult(handle)
    }

    private func wait(for events: Int32, by deadline: Deadline, _ outcome: PostgresError.Outcome) throws {
        guard let handle else { throw PostgresError(outcome, "the connection is closed") }
        var polled = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
        while true {
            let count = poll(&polled, 1, deadline.pollMilliseconds)
            if count > 0 { return }
            if count < 0, errno == EINTR { continue }
            close()
            throw PostgresError(outcome, "no answer from \(configuration) in time")
        }
    }

    /// Closes the connection and says why.
    func lost(_ outcome: PostgresError.Outcome) -> PostgresError {
        let message = handle.map { configuration.redact(PQerrorMessage($0)) } ?? ""
        close()
        return PostgresError(
            outcome, message.isEmpty ? "the connection to \(configuration) is broken" : "\(configuration): \(message)")
    }
}
