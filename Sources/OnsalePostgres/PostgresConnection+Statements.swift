import CPostgres

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension PostgresConnection {
    /// Runs a statement as a transaction of its own, unless one is open. When it returns the transaction is committed.
    /// - Throws: ``PostgresError``.
    @discardableResult
    package func run(
        _ statement: PostgresStatement, _ values: PostgresValues = PostgresValues(), by deadline: Deadline
    ) throws -> PostgresRows {
        try prepare(statement, by: deadline)
        let handle = try ready()
        guard send(PostgresCall(statement, values), handle) else { throw lost(.unknown) }
        return try answer(handle, by: deadline)
    }

    /// Runs SQL, any number of statements, as one transaction.
    /// - Throws: ``PostgresError``.
    package func execute(_ sql: String, by deadline: Deadline) throws {
        let handle = try ready()
        guard PQsendQuery(handle, sql) == 1 else { throw lost(.unknown) }
        _ = try answer(handle, by: deadline)
    }

    /// Runs one statement of SQL with values as text.
    /// - Returns: its rows as text.
    /// - Throws: ``PostgresError``.
    package func rows(_ sql: String, _ values: [String?] = [], by deadline: Deadline) throws -> [[String?]] {
        let handle = try ready()
        let copies = values.map { $0.map { strdup($0) } ?? nil }
        defer { for copy in copies { free(copy) } }
        let isSent = PQsendQueryParams(
            handle, sql, Int32(values.count), nil, copies.map { UnsafePointer($0) }, nil, nil, 0)
        guard isSent == 1 else { throw lost(.unknown) }
        let rows = try answer(handle, by: deadline)
        return (0..<rows.count).map { row in
            (0..<rows.columns).map { rows.isNull(row, $0) ? nil : rows.text(row, $0) }
        }
    }

    /// Makes the server know a statement.
    func prepare(_ statement: PostgresStatement, by deadline: Deadline) throws {
        if prepared.contains(statement.name) { return }
        do {
            let handle = try ready()
            guard PQsendPrepare(handle, statement.name, statement.sql, 0, nil) == 1 else { throw lost(.notSent) }
            _ = try answer(handle, by: deadline)
            prepared.insert(statement.name)
        } catch let error as PostgresError {
            throw error.ofPreparation
        }
    }

    func send(_ call: PostgresCall, _ handle: OpaquePointer) -> Bool {
        call.values.withPointers { count, values, lengths, formats in
            PQsendQueryPrepared(handle, call.statement.name, count, values, lengths, formats, 1)
        } == 1
    }

    /// Takes all results up to the server's readiness for the next request: only that says that the transaction is
    /// committed, since the rows come before the commit does.
    private func answer(_ handle: OpaquePointer, by deadline: Deadline) throws -> PostgresRows {
        try flush(handle, by: deadline)
        var rows: PostgresRows?
        var failure: PostgresError?
        while let result = try next(handle, by: deadline) {
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: rows = PostgresRows(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                PQclear(result)
                close()
                throw PostgresError(.unknown, "COPY is not supported")
            default:
                let error = error(result)
                if error.outcome == .unknown { throw error }
                failure = error
            }
        }
        guard PQstatus(handle) == CONNECTION_OK else { throw failure ?? lost(.unknown) }
        if let failure { throw failure }
        guard let rows else { throw lost(.unknown) }
        return rows
    }

    /// What the server has said. When it ends the session with it, it may have committed before.
    func error(_ result: OpaquePointer) -> PostgresError {
        defer { PQclear(result) }
        func field(_ code: Character) -> String? {
            code.asciiValue.flatMap { PQresultErrorField(result, Int32($0)) }.map { String(cString: $0) }
        }
        let state = field("C")
        let message = configuration.redact(PQresultErrorField(result, 77) ?? PQresultErrorMessage(result))
        // V: severity, not translated.
        guard field("V") == "ERROR", let handle, PQstatus(handle) == CONNECTION_OK else {
            close()
            return PostgresError(.unknown, sqlState: state, "\(configuration): \(message)")
        }
        return PostgresError(.refused, sqlState: state, message)
    }
}
