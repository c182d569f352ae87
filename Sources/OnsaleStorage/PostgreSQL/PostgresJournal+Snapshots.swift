public import OnsaleEngine
import OnsalePostgres
import OnsaleValues

extension PostgresJournal {
    /// How many snapshots of a partition are kept.
    private static let snapshotsKept: Int64 = 2

    private static let saveSnapshot = PostgresStatement(
        "save_snapshot",
        """
        INSERT INTO snapshot (partition, last_sequence, row_checksum, recorded_at, payload, payload_checksum)
        VALUES ($1::text, $2::bigint, $3::bytea, $4::bigint, $5::bytea, $6::bytea)
        ON CONFLICT (partition, last_sequence) DO UPDATE SET row_checksum = EXCLUDED.row_checksum,
            recorded_at = EXCLUDED.recorded_at, payload = EXCLUDED.payload,
            payload_checksum = EXCLUDED.payload_checksum
        """)

    private static let dropSnapshots = PostgresStatement(
        "drop_snapshots",
        """
        DELETE FROM snapshot WHERE partition = $1::text AND last_sequence NOT IN (
            SELECT last_sequence FROM snapshot WHERE partition = $1 ORDER BY last_sequence DESC LIMIT $2::bigint)
        """)

    private static let snapshots = PostgresStatement(
        "snapshots", "SELECT last_sequence FROM snapshot WHERE partition = $1::text ORDER BY last_sequence DESC")

    private static let snapshot = PostgresStatement(
        "snapshot",
        """
        SELECT row_checksum, recorded_at, payload, payload_checksum FROM snapshot
        WHERE partition = $1::text AND last_sequence = $2::bigint
        """)

    private static let saveDormant = PostgresStatement(
        "save_dormant",
        """
        INSERT INTO dormant (partition, last_sequence, payload) VALUES ($1::text, $2::bigint, $3::bytea)
        ON CONFLICT (partition) DO UPDATE SET last_sequence = EXCLUDED.last_sequence, payload = EXCLUDED.payload
        """)

    private static let dormant = PostgresStatement("dormant", "SELECT partition, last_sequence, payload FROM dormant")

    public func save(_ snapshot: Snapshot) throws {
        var values = PostgresValues()
        values.add(snapshot.partition)
        values.add(Int64(bitPattern: snapshot.lastSequence))
        values.add(snapshot.rowChecksum)
        values.add(snapshot.time.milliseconds)
        values.add(snapshot.payload)
        values.add(snapshot.payloadChecksum)
        var kept = PostgresValues()
        kept.add(snapshot.partition)
        kept.add(PostgresJournal.snapshotsKept)
        let calls = [
            PostgresCall(PostgresJournal.saveSnapshot, values), PostgresCall(PostgresJournal.dropSnapshots, kept),
        ]
        try translating(within: PostgresJournal.largeLimit) { connection, deadline in
            _ = try connection.runTogether(calls, by: deadline)
        }
    }

    public func latestSnapshot(of partition: String) throws -> Snapshot? {
        // Ignore any trouble with snapshots: the facts are enough.
        try? translating(within: PostgresJournal.largeLimit) { connection, deadline in
            var values = PostgresValues()
            values.add(partition)
            let found = try connection.run(PostgresJournal.snapshots, values, by: deadline)
            // One at a time: each may have many megabytes.
            for index in 0..<found.count {
                let sequence = found.integer(index, 0)
                var values = PostgresValues()
                values.add(partition)
                values.add(sequence)
                let rows = try connection.run(PostgresJournal.snapshot, values, by: deadline)
                guard rows.count == 1, sequence > 0 else { continue }
                let snapshot = Snapshot(
                    partition: partition, lastSequence: UInt64(sequence), rowChecksum: rows.bytes(0, 0),
                    time: Timestamp(milliseconds: rows.integer(0, 1)), payload: rows.bytes(0, 2))
                if snapshot.payloadChecksum == rows.bytes(0, 3) { return snapshot }
            }
            return nil
        }
    }

    public func save(_ dormant: DormantEvent) throws {
        var values = PostgresValues()
        values.add(dormant.partition)
        values.add(Int64(bitPattern: dormant.lastSequence))
        values.add(dormant.payload)
        try translating { connection, deadline in
            _ = try connection.run(PostgresJournal.saveDormant, values, by: deadline)
        }
    }

    public func dormantEvents() throws -> [DormantEvent] {
        // Ignore any trouble with these: the facts are enough.
        let found = try? translating { connection, deadline in
            let rows = try connection.run(PostgresJournal.dormant, by: deadline)
            return (0..<rows.count).map { row in
                DormantEvent(
                    partition: rows.text(row, 0), lastSequence: UInt64(bitPattern: rows.integer(row, 1)),
                    payload: rows.bytes(row, 2))
            }
        }
        return found ?? []
    }
}
