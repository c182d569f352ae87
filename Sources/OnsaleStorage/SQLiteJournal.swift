import Foundation
import GRDB
import Metrics
public import OnsaleEngine
import OnsaleMigrations
public import OnsaleValues

/// The journal in SQLite: the default, for one process on one machine.
///
/// Facts are in `journal.sqlite`, written with `synchronous = FULL`: a commit returns once the write-ahead log is on
/// disk. Documents are just as durable, in `documents.sqlite`. Snapshots may be lost. Both have their own files, so
/// saving a large one doesn't delay the writer.
public final class SQLiteJournal: EventStore {
    private let pool: DatabasePool
    private let snapshots: DatabaseQueue
    private let documents: DatabaseQueue
    /// How long commits take alone: almost all of it is the sync.
    private let syncs = Metrics.Timer(label: "onsale_sync_seconds")

    /// How many snapshots of a partition are kept.
    private static let snapshotsKept = 2

    /// Opens the databases, creating them and bringing them to this version's schema if necessary.
    /// - Parameters:
    ///   - folder: the path of the folder with the database files.
    ///   - isReadOnly: creates and changes nothing; for verification next to a running process. An older schema is read
    ///     as it is.
    ///   - migrates: false to refuse a folder whose schema isn't this version's.
    /// - Throws: ``JournalError``, or `MigrationError`, which says what to do.
    public init(folder: String, isReadOnly: Bool = false, migrates: Bool = true) throws {
        var configuration = Configuration()
        configuration.label = "onsale.journal"
        configuration.readonly = isReadOnly
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        let (path, snapshotsPath, documentsPath) = (
            folder + "/" + SQLiteFile.journal.name, folder + "/" + SQLiteFile.snapshots.name,
            folder + "/" + SQLiteFile.documents.name
        )
        do {
            var journalConfiguration = configuration
            if isReadOnly {
                journalConfiguration.prepareDatabase { try SQLiteOldSchema.supplyEpochs($0) }
            }
            pool = try DatabasePool(path: path, configuration: journalConfiguration)
            configuration.label = "onsale.snapshots"
            snapshots = try DatabaseQueue(
                path: isReadOnly && !FileManager.default.fileExists(atPath: snapshotsPath) ? ":memory:" : snapshotsPath,
                configuration: configuration)
            configuration.label = "onsale.documents"
            documents = try DatabaseQueue(
                path: isReadOnly && !FileManager.default.fileExists(atPath: documentsPath) ? ":memory:" : documentsPath,
                configuration: configuration)
            if !isReadOnly {
                // GRDB sets NORMAL on the writer when it opens a pool, so set FULL afterward.
                try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
                try documents.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
                try SQLiteJournal.bringUp(
                    [(.journal, pool), (.documents, documents), (.snapshots, snapshots)], migrates)
            }
        } catch {
            throw SQLiteJournal.translate(error)
        }
    }

    private static func bringUp(_ files: [(SQLiteFile, any DatabaseWriter)], _ migrates: Bool) throws {
        for (file, writer) in files {
            try writer.writeWithoutTransaction { database in
                let migrator = try file.migrator(database)
                if migrates { try migrator.migrate() } else { try migrator.check() }
            }
        }
    }

    /// The writer's `PRAGMA synchronous`; 2 is FULL.
    public func synchronousLevel() throws -> Int {
        try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 }
    }

    // MARK: Journal

    public func heads() throws -> [JournalHead] {
        try translating {
            try pool.read { database in
                try Row.fetchAll(
                    database,
                    sql: "SELECT partition, last_sequence, checksum, epoch FROM journal_head ORDER BY partition"
                ).map(JournalHead.init)
            }
        }
    }

    public func partitions() throws -> [String] {
        try translating {
            try pool.read { try String.fetchAll($0, sql: "SELECT DISTINCT partition FROM journal ORDER BY partition") }
        }
    }

    public func head(of partition: String) throws -> JournalHead? {
        try translating {
            try pool.read { database in
                try Row.fetchOne(
                    database,
                    sql: "SELECT partition, last_sequence, checksum, epoch FROM journal_head WHERE partition = ?",
                    arguments: [partition]
                )
                .map(JournalHead.init)
            }
        }
    }

    public func latestTime() throws -> Timestamp? {
        try translating {
            try pool.read { database in
                try Int64.fetchOne(
                    database,
                    sql: """
                        SELECT max((
                            SELECT recorded_at FROM journal WHERE partition = head.partition
                            ORDER BY sequence DESC LIMIT 1))
                        FROM journal_head AS head
                        """
                ).map { Timestamp(milliseconds: $0) }
            }
        }
    }

    /// SQLite has one writer.
    public var batchesMax: Int { 1 }

    /// Blocks until the rows are on disk.
    public func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void) {
        done(append(rows))
    }

    /// Nobody else writes to the folder, so there is nobody to wait for, and no need to keep who owns what.
    public func claim(_ row: JournalRow, owner: NodeID) -> AppendOutcome {
        append([row], beginsEpoch: true).first ?? .notAtHead
    }

    private func append(_ rows: [JournalRow], beginsEpoch: Bool = false) -> [AppendOutcome] {
        var outcomes: [AppendOutcome] = []
        do {
            var began: UInt64 = 0
            try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    outcomes = try rows.map { row in
                        try SQLiteJournal.append(row, beginsEpoch: beginsEpoch, database) ? .committed : .notAtHead
                    }
                    began = DispatchTime.now().uptimeNanoseconds
                    return .commit
                }
            }
            syncs.recordNanoseconds(DispatchTime.now().uptimeNanoseconds - began)
            return outcomes
        } catch {
            if case JournalError.full = SQLiteJournal.translate(error) { return rows.map { _ in .full } }
            // After a failed commit nobody knows what is on disk, since the page cache is in doubt.
            return rows.map { _ in .unknown(error) }
        }
    }

    /// - Returns: false if the row doesn't follow the head; then nothing has changed.
    private static func append(_ row: JournalRow, beginsEpoch: Bool, _ database: Database) throws -> Bool {
        do {
            try database.cachedStatement(
                sql: """
                    INSERT INTO journal (partition, sequence, recorded_at, fact_count, payload, checksum, epoch)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(
                arguments: [
                    row.partition, Int64(row.sequence), row.time.milliseconds, Int64(row.count), Data(row.payload),
                    Data(row.checksum), Int64(row.epoch),
                ])
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // The row already exists.
            return false
        }
        let last = Int64(row.lastSequence)
        if row.sequence == 1 {
            try database.cachedStatement(
                sql: """
                    INSERT OR IGNORE INTO journal_head (partition, last_sequence, checksum, epoch) VALUES (?, ?, ?, ?)
                    """
            ).execute(arguments: [row.partition, last, Data(row.checksum), Int64(row.epoch)])
        } else {
            try database.cachedStatement(
                sql: """
                    UPDATE journal_head SET last_sequence = ?1, checksum = ?2, epoch = ?3
                    WHERE partition = ?4 AND last_sequence = ?5 AND epoch \(beginsEpoch ? "<" : "=") ?3
                    """
            ).execute(
                arguments: [last, Data(row.checksum), Int64(row.epoch), row.partition, Int64(row.sequence) - 1])
        }
        guard database.changesCount == 0 else { return true }
        try database.execute(
            sql: "DELETE FROM journal WHERE partition = ? AND sequence = ?",
            arguments: [row.partition, Int64(row.sequence)])
        return false
    }

    public func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws {
        try translating {
            try pool.read { database in
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT partition, sequence, recorded_at, fact_count, payload, checksum, epoch FROM journal
                        WHERE partition = ?1 AND sequence >= (
                            SELECT ifnull(max(sequence), 0) FROM journal WHERE partition = ?1 AND sequence <= ?2)
                        ORDER BY sequence
                        """, arguments: [partition, Int64(sequence)])
                while let row = try rows.next() {
                    let journalRow = try JournalRow(row)
                    if journalRow.lastSequence >= sequence { try body(journalRow) }
                }
            }
        }
    }

    // MARK: Snapshots

    public func save(_ snapshot: Snapshot) throws {
        try translating {
            try snapshots.write { database in
                try database.execute(
                    sql: "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, ?)",
                    arguments: [
                        snapshot.partition, Int64(snapshot.lastSequence), Data(snapshot.rowChecksum),
                        snapshot.time.milliseconds, Data(snapshot.payload), Data(snapshot.payloadChecksum),
                    ])
                try database.execute(
                    sql: """
                        DELETE FROM snapshot WHERE partition = ?1 AND last_sequence NOT IN (
                            SELECT last_sequence FROM snapshot WHERE partition = ?1 ORDER BY last_sequence DESC LIMIT ?2)
                        """, arguments: [snapshot.partition, SQLiteJournal.snapshotsKept])
            }
        }
    }

    public func latestSnapshot(of partition: String) throws -> Snapshot? {
        // Ignore any trouble with snapshots: the facts are enough.
        let found = try? snapshots.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM snapshot WHERE partition = ? ORDER BY last_sequence DESC",
                arguments: [partition])
        }
        for row in found ?? [] {
            guard let data: Data = row["payload"], let rowChecksum: Data = row["row_checksum"],
                let checksum: Data = row["payload_checksum"], let sequence: Int64 = row["last_sequence"],
                let time: Int64 = row["recorded_at"], sequence > 0
            else { continue }
            let snapshot = Snapshot(
                partition: partition, lastSequence: UInt64(sequence), rowChecksum: Array(rowChecksum),
                time: Timestamp(milliseconds: time), payload: Array(data))
            if snapshot.payloadChecksum == Array(checksum) { return snapshot }
        }
        return nil
    }

    // MARK: Documents

    public func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws {
        try translating {
            try documents.write { database in
                try database.execute(
                    sql: "INSERT OR IGNORE INTO document (digest, content) VALUES (?, ?)",
                    arguments: [Data(digest), Data(bytes)])
            }
        }
    }

    public func document(digest: [UInt8]) throws -> [UInt8]? {
        try translating {
            let found = try documents.read { try SQLiteJournal.document(digest, $0) }
            // Earlier versions kept documents in the journal's file.
            return try found ?? pool.read { try SQLiteJournal.document(digest, $0) }
        }
    }

    private static func document(_ digest: [UInt8], _ database: Database) throws -> [UInt8]? {
        guard try database.tableExists("document") else { return nil }
        return try Data.fetchOne(
            database, sql: "SELECT content FROM document WHERE digest = ?", arguments: [Data(digest)]
        ).map { Array($0) }
    }

    // MARK: Unloaded events

    public func save(_ dormant: DormantEvent) throws {
        try translating {
            try snapshots.write { database in
                try database.execute(
                    sql: "INSERT OR REPLACE INTO dormant (partition, last_sequence, payload) VALUES (?, ?, ?)",
                    arguments: [dormant.partition, Int64(dormant.lastSequence), Data(dormant.payload)])
            }
        }
    }

    public func dormantEvents() throws -> [DormantEvent] {
        // Ignore any trouble with these: the facts are enough.
        let rows = try? snapshots.read { try Row.fetchAll($0, sql: "SELECT * FROM dormant") }
        return (rows ?? []).compactMap { row in
            guard let partition: String = row["partition"], let sequence: Int64 = row["last_sequence"],
                let payload: Data = row["payload"], sequence > 0
            else { return nil }
            return DormantEvent(partition: partition, lastSequence: UInt64(sequence), payload: Array(payload))
        }
    }

    public func close() throws {
        try pool.close()
        try snapshots.close()
        try documents.close()
    }

    // MARK: Errors

    private func translating<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw SQLiteJournal.translate(error) }
    }

    /// Tells a full disk, which may have room later, from other errors.
    private static func translate(_ error: any Error) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        if error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE {
            return JournalError.full
        }
        return JournalError.unreadable(error)
    }
}

extension JournalHead {
    fileprivate init(_ row: Row) throws {
        let sequence: Int64 = row["last_sequence"]
        let checksum: Data = row["checksum"]
        self.init(
            partition: row["partition"], lastSequence: UInt64(bitPattern: sequence), checksum: Array(checksum),
            epoch: UInt64(bitPattern: row["epoch"] ?? 0))
    }
}

extension JournalRow {
    fileprivate init(_ row: Row) throws {
        let sequence: Int64 = row[1]
        let count: Int64 = row[3]
        let payload: Data = row[4]
        let checksum: Data = row[5]
        self.init(
            partition: row[0], sequence: UInt64(bitPattern: sequence), time: Timestamp(milliseconds: row[2]),
            count: UInt32(truncatingIfNeeded: count), payload: Array(payload), checksum: Array(checksum),
            epoch: UInt64(bitPattern: row[6] ?? 0))
    }
}
