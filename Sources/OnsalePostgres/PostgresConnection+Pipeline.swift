import CPostgres

extension PostgresConnection {
    /// Runs several statements in one round trip and one transaction.
    /// - Returns: the rows of each.
    /// - Throws: ``PostgresError``; then none of them has been done, unless its outcome is unknown.
    package func runTogether(_ calls: [PostgresCall], by deadline: Deadline) throws -> [PostgresRows] {
        try pipeline(calls, together: true, by: deadline).map { try $0.get() }
    }

    /// Runs several statements in one round trip, each a transaction of its own.
    /// - Returns: the rows of each, or why the server refused it.
    /// - Throws: ``PostgresError`` if nothing was sent. If the answers break off, those that are missing are unknown.
    package func runEach(
        _ calls: [PostgresCall], by deadline: Deadline
    ) throws -> [Result<PostgresRows, PostgresError>] {
        try pipeline(calls, together: false, by: deadline)
    }

    private func pipeline(
        _ calls: [PostgresCall], together: Bool, by deadline: Deadline
    ) throws -> [Result<PostgresRows, PostgresError>] {
        if calls.isEmpty { return [] }
        for call in calls { try prepare(call.statement, by: deadline) }
        let handle = try ready()
        guard PQenterPipelineMode(handle) == 1 else { throw lost(.notSent) }
        var answers: [Result<PostgresRows, PostgresError>] = []
        do {
            for (index, call) in calls.enumerated() {
                guard send(call, handle) else { throw lost(.unknown) }
                guard together && index + 1 < calls.count || PQpipelineSync(handle) == 1 else { throw lost(.unknown) }
            }
            try flush(handle, by: deadline)
            let groups = together ? [calls.count] : calls.map { _ in 1 }
            for size in groups { answers += try answersOfGroup(handle, size, by: deadline) }
            guard PQexitPipelineMode(handle) == 1 else { throw lost(.unknown) }
        } catch let error as PostgresError {
            answers += repeatElement(.failure(error), count: calls.count - answers.count)
        }
        return answers
    }

    /// Takes the results of one transaction, up to its sync.
    private func answersOfGroup(
        _ handle: OpaquePointer, _ size: Int, by deadline: Deadline
    ) throws -> [Result<PostgresRows, PostgresError>] {
        var rows: [PostgresRows] = []
        var failure: PostgresError?
        var ends = 0
        while true {
            guard let result = try next(handle, by: deadline) else {
                // One after each statement, and one after an error at the commit.
                ends += 1
                guard ends <= size + 1 else { throw lost(.unknown) }
                continue
            }
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                if let failure { return (0..<size).map { _ in .failure(failure) } }
                guard rows.count == size else { throw lost(.unknown) }
                return rows.map { .success($0) }
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: rows.append(PostgresRows(result))
            case PGRES_PIPELINE_ABORTED: PQclear(result)
            default:
                let error = error(result)
                if error.outcome == .unknown { throw error }
                failure = failure ?? error
            }
        }
    }
}
