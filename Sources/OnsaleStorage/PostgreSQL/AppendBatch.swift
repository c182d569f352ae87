import OnsaleEngine
import OnsalePostgres
import OnsaleValues

/// Rows on their way to PostgreSQL, and what became of each. Pure but for the connection it is given.
struct AppendBatch {
    private let rows: [JournalRow]
    private var outcomes: [AppendOutcome?]

    init(_ rows: [JournalRow]) {
        self.rows = rows
        outcomes = rows.map { _ in nil }
    }

    /// Writes them.
    /// - Throws: ``PostgresError`` with the outcome `notSent`: nothing was sent, and the same may be tried again.
    static func write(
        _ rows: [JournalRow], to connection: PostgresConnection, by deadline: Deadline
    ) throws -> [AppendOutcome] {
        var batch = AppendBatch(rows)
        try batch.write(to: connection, by: deadline)
        // Every row has got its outcome by now.
        return batch.outcomes.map { $0 ?? .unknown(PostgresError(.unknown, "the row was forgotten")) }
    }

    private mutating func write(to connection: PostgresConnection, by deadline: Deadline) throws {
        // Creation is rare, and the same statement could not do both.
        let later = rows.indices.filter { rows[$0].sequence > 1 }
        let first = rows.indices.filter { rows[$0].sequence <= 1 }
        let calls = [(later, JournalSQL.append), (first, JournalSQL.create)]
            .filter { !$0.0.isEmpty }
            .map { (indices: $0.0, call: call($0.1, $0.0)) }
        do {
            let answers = try connection.runTogether(calls.map(\.call), by: deadline)
            for (call, answer) in zip(calls, answers) { note(call.indices, answer) }
        } catch let error as PostgresError where error.outcome != .notSent {
            if rows.count > 1, error.outcome == .refused, !error.isOfServer {
                // Something is wrong with one of them; the others need not suffer for it.
                try writeEach(calls.flatMap(\.indices), to: connection, by: deadline)
            } else {
                for index in rows.indices { outcomes[index] = AppendBatch.outcome(of: error) }
            }
        }
    }

    private mutating func writeEach(
        _ indices: [Int], to connection: PostgresConnection, by deadline: Deadline
    ) throws {
        let calls = indices.map { call(rows[$0].sequence > 1 ? JournalSQL.append : JournalSQL.create, [$0]) }
        for (index, answer) in zip(indices, try connection.runEach(calls, by: deadline)) {
            switch answer {
            case .success(let written): note([index], written)
            case .failure(let error): outcomes[index] = AppendBatch.outcome(of: error)
            }
        }
    }

    /// The server names the partitions that it has written.
    private mutating func note(_ indices: [Int], _ written: PostgresRows) {
        let names = Set((0..<written.count).map { written.text($0, 0) })
        for index in indices { outcomes[index] = names.contains(rows[index].partition) ? .committed : .notAtHead }
    }

    private func call(_ statement: PostgresStatement, _ indices: [Int]) -> PostgresCall {
        var values = PostgresValues()
        values.add(indices.map { rows[$0].partition })
        values.add(indices.map { Int64(bitPattern: rows[$0].sequence) })
        values.add(indices.map { rows[$0].time.milliseconds })
        values.add(indices.map { Int64(rows[$0].count) })
        values.add(indices.map { rows[$0].payload })
        values.add(indices.map { rows[$0].checksum })
        values.add(indices.map { Int64(bitPattern: rows[$0].epoch) })
        return PostgresCall(statement, values)
    }

    /// What an error means for a row.
    static func outcome(of error: PostgresError) -> AppendOutcome {
        switch error.outcome {
        case .notSent: .unavailable(error)
        case .unknown: .unknown(error)
        case .refused where error.isDiskFull: .full
        // The row is there already, beyond the head.
        case .refused where error.isUniqueViolation: .notAtHead
        case .refused: .unavailable(error)
        }
    }
}
