import Foundation
import GRDB
import OnsaleEngine
import OnsaleMigrations
import OnsaleStorage
import OnsaleValues
import Testing

/// What opening a data folder does to its three files.
@Suite(.timeLimit(.minutes(2))) struct SQLiteFolderTests {
    private func versions(_ folder: String, _ file: SQLiteFile) throws -> [String] {
        let queue = try DatabaseQueue(path: folder + "/" + file.name)
        defer { try? queue.close() }
        return try queue.read {
            try String.fetchAll($0, sql: "SELECT version FROM flyway_schema_history ORDER BY installed_rank")
        }
    }

    /// A folder as versions before the history left it, with one partition.
    private func makeOld(_ folder: String) throws -> JournalRow {
        let row = JournalHead.empty("a").row(payload: [1, 2], count: 2, time: Timestamp(milliseconds: 5))
        let journal = try DatabasePool(path: folder + "/journal.sqlite")
        try journal.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE journal (partition TEXT NOT NULL, sequence INTEGER NOT NULL,
                        recorded_at INTEGER NOT NULL, fact_count INTEGER NOT NULL, payload BLOB NOT NULL,
                        checksum BLOB NOT NULL, PRIMARY KEY (partition, sequence));
                    CREATE TABLE journal_head (partition TEXT NOT NULL PRIMARY KEY, last_sequence INTEGER NOT NULL,
                        checksum BLOB NOT NULL) WITHOUT ROWID;
                    """)
            try database.execute(
                sql: "INSERT INTO journal VALUES ('a', 1, 5, 2, ?, ?)",
                arguments: [Data(row.payload), Data(row.checksum)])
            try database.execute(
                sql: "INSERT INTO journal_head VALUES ('a', 2, ?)", arguments: [Data(row.checksum)])
        }
        try journal.close()
        let queue = try DatabaseQueue(path: folder + "/documents.sqlite")
        try queue.write {
            try $0.execute(sql: "CREATE TABLE document (digest BLOB NOT NULL PRIMARY KEY, content BLOB NOT NULL)")
            try $0.execute(sql: "INSERT INTO document VALUES (x'09', x'010203')")
        }
        try queue.close()
        return row
    }

    private func rows(_ journal: SQLiteJournal) throws -> [JournalRow] {
        var found: [JournalRow] = []
        try journal.read(partition: "a", from: 1) { found.append($0) }
        return found
    }

    @Test("A fresh folder's files each get their own migrations and history")
    func fresh() async throws {
        try await withFolder { folder in
            try SQLiteJournal(folder: folder).close()
            #expect(try versions(folder, .journal) == ["1", "4"])
            #expect(try versions(folder, .documents) == ["2"])
            #expect(try versions(folder, .snapshots) == ["3"])
            try SQLiteJournal(folder: folder).close()
            #expect(try versions(folder, .journal) == ["1", "4"])
        }
    }

    @Test("A folder from before the history is brought up, and keeps what it has")
    func old() async throws {
        try await withFolder { folder in
            let row = try makeOld(folder)
            let journal = try SQLiteJournal(folder: folder)
            defer { try? journal.close() }
            #expect(try rows(journal) == [row])
            #expect(try journal.document(digest: [9]) == [1, 2, 3])
            #expect(try versions(folder, .journal) == ["1", "4"])
            #expect(try versions(folder, .snapshots) == ["3"])
            let queue = try DatabaseQueue(path: folder + "/journal.sqlite")
            #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT epoch FROM journal") } == 0)
            #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT epoch FROM journal_head") } == 0)
        }
    }

    @Test("Reading alone changes nothing, and reads an older schema with epoch 0")
    func readOnly() async throws {
        try await withFolder { folder in
            let row = try makeOld(folder)
            let journal = try SQLiteJournal(folder: folder, isReadOnly: true)
            defer { try? journal.close() }
            #expect(try rows(journal) == [row])
            #expect(try journal.head(of: "a")?.lastSequence == 2)
            #expect(try journal.latestTime() == row.time)
            #expect(throws: (any Error).self) { try versions(folder, .journal) }
            #expect(!FileManager.default.fileExists(atPath: folder + "/snapshots.sqlite"))
        }
    }

    @Test("A view for an older schema has what a newer reader asks for")
    func epochsOfOldSchema() async throws {
        try await withFolder { folder in
            _ = try makeOld(folder)
            var configuration = Configuration()
            configuration.readonly = true
            configuration.prepareDatabase { try SQLiteOldSchema.supplyEpochs($0) }
            let queue = try DatabaseQueue(path: folder + "/journal.sqlite", configuration: configuration)
            defer { try? queue.close() }
            try queue.read { database in
                #expect(try Int.fetchOne(database, sql: "SELECT epoch FROM journal WHERE partition = 'a'") == 0)
                let head = try Row.fetchOne(
                    database, sql: "SELECT last_sequence, epoch, owner, owned_at FROM journal_head")
                #expect(head == ["last_sequence": 2, "epoch": 0, "owner": nil, "owned_at": nil])
            }
        }
    }

    @Test("Who must not migrate refuses a folder that is not up to date, and takes one that is")
    func mustNotMigrate() async throws {
        try await withFolder { folder in
            _ = try makeOld(folder)
            #expect {
                try SQLiteJournal(folder: folder, migrates: false)
            } throws: { error in
                (error as? MigrationError)?.code == .pending
                    && "\(error)".contains("journal.sqlite: Migration 1 (journal) has not been applied yet")
            }
            #expect(throws: (any Error).self) { try versions(folder, .journal) }
            try SQLiteJournal(folder: folder).close()
            try SQLiteJournal(folder: folder, migrates: false).close()
        }
    }

    @Test("A folder that a newer version has migrated is refused")
    func newer() async throws {
        try await withFolder { folder in
            try SQLiteJournal(folder: folder).close()
            let queue = try DatabaseQueue(path: folder + "/documents.sqlite")
            try queue.write {
                try $0.execute(
                    sql: """
                        INSERT INTO flyway_schema_history (installed_rank, version, description, type, script,
                            checksum, installed_by, execution_time, success)
                        VALUES (9, '999', 'later', 'SQL', 'V999__later.sql', 1, '', 1, 1)
                        """)
            }
            try queue.close()
            #expect {
                try SQLiteJournal(folder: folder)
            } throws: { error in
                "\(error)".hasPrefix("documents.sqlite: Migration 999 (later) has been applied by a newer version")
            }
        }
    }
}
