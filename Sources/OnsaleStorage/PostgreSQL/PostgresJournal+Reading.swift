public import OnsaleEngine
import OnsalePostgres
public import OnsaleValues

extension PostgresJournal {
    /// A page of the journal ends with whichever comes first.
    private static let pageRowsMax: Int64 = 1024
    private static let pageBytesMax: Int64 = 1 << 20

    public func heads() throws -> [JournalHead] {
        try translating { connection, deadline in
            let rows = try connection.run(JournalSQL.heads, by: deadline)
            // By our own order: the server's depends on its locale.
            return (0..<rows.count).map { PostgresJournal.head(rows, $0) }.sorted { $0.partition < $1.partition }
        }
    }

    public func partitions() throws -> [String] {
        try translating { connection, deadline in
            let rows = try connection.run(JournalSQL.partitions, by: deadline)
            return (0..<rows.count).map { rows.text($0, 0) }.sorted()
        }
    }

    public func head(of partition: String) throws -> JournalHead? {
        try translating { connection, deadline in
            var values = PostgresValues()
            values.add(partition)
            let rows = try connection.run(JournalSQL.head, values, by: deadline)
            return rows.count == 1 ? PostgresJournal.head(rows, 0) : nil
        }
    }

    public func latestTime() throws -> Timestamp? {
        try translating { connection, deadline in
            let rows = try connection.run(JournalSQL.latestTime, by: deadline)
            guard rows.count == 1, !rows.isNull(0, 0) else { return nil }
            return Timestamp(milliseconds: rows.integer(0, 0))
        }
    }

    /// Reads page by page, and holds no connection while `body` runs, so that `body` may ask for more.
    public func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws {
        var next = try start(partition, sequence)
        while true {
            let rows = try page(partition, from: next)
            guard rows.count > 0 else { return }
            for index in 0..<rows.count {
                let row = PostgresJournal.row(rows, index, partition)
                next = Int64(bitPattern: row.sequence) + 1
                if row.lastSequence >= sequence { try body(row) }
            }
        }
    }

    private func start(_ partition: String, _ sequence: UInt64) throws -> Int64 {
        try translating { connection, deadline in
            var values = PostgresValues()
            values.add(partition)
            values.add(Int64(clamping: sequence))
            return try connection.run(JournalSQL.start, values, by: deadline).integer(0, 0)
        }
    }

    private func page(_ partition: String, from sequence: Int64) throws -> PostgresRows {
        try translating { connection, deadline in
            var values = PostgresValues()
            values.add(partition)
            values.add(sequence)
            values.add(PostgresJournal.pageRowsMax)
            values.add(PostgresJournal.pageBytesMax)
            return try connection.run(JournalSQL.page, values, by: deadline)
        }
    }

    private static func head(_ rows: PostgresRows, _ row: Int) -> JournalHead {
        JournalHead(
            partition: rows.text(row, 0), lastSequence: UInt64(bitPattern: rows.integer(row, 1)),
            checksum: rows.bytes(row, 2), epoch: UInt64(bitPattern: rows.integer(row, 3)))
    }

    private static func row(_ rows: PostgresRows, _ row: Int, _ partition: String) -> JournalRow {
        JournalRow(
            partition: partition, sequence: UInt64(bitPattern: rows.integer(row, 0)),
            time: Timestamp(milliseconds: rows.integer(row, 1)),
            count: UInt32(truncatingIfNeeded: rows.integer(row, 2)),
            payload: rows.bytes(row, 3), checksum: rows.bytes(row, 4),
            epoch: UInt64(bitPattern: rows.integer(row, 5)))
    }
}
