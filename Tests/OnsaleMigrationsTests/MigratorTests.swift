import Foundation
import OnsaleMigrations
import OnsaleSchema
import Synchronization
import Testing

/// What migrating does to a database, of both kinds.
@Suite(.timeLimit(.minutes(3))) struct MigratorTests {
    private static let one = "CREATE TABLE one (id INTEGER);"
    private static let two = "CREATE TABLE two (id INTEGER);\nINSERT INTO two VALUES (7);"

    private func both() throws -> MigrationSet {
        try migrations(["V1__one.sql": MigratorTests.one, "V2__two_more.sql": MigratorTests.two])
    }

    @Test(
        "A fresh database gets every migration once, in order, and the history says so",
        arguments: DatabaseKind.allCases)
    func fresh(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            #expect(try database.migrate(both()) == ["1 (one)", "2 (two more)"])
            #expect(try database.rows("SELECT CAST(id AS TEXT) FROM two") == [["7"]])
            let checksums = try both().migrations.map(\.checksum)
            #expect(
                try database.history() == [
                    "1 | 1 | one | SQL | V1__one.sql | \(checksums[0]) | well",
                    "2 | 2 | two more | SQL | V2__two_more.sql | \(checksums[1]) | well",
                ])
            #expect(try database.migrate(both()) == [])
            #expect(try database.validate(both()) == [])
            let filled = try database.rows(
                "SELECT 'x' FROM flyway_schema_history WHERE installed_on IS NOT NULL AND execution_time >= 0")
            #expect(filled.count == 2)
        }
    }

    @Test("A half-migrated database gets what it lacks", arguments: DatabaseKind.allCases)
    func half(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            _ = try database.migrate(migrations(["V1__one.sql": MigratorTests.one]))
            let lines = try database.validate(both())
            #expect(lines.count == 1)
            #expect(
                lines.first?.contains("Migration 2 (two more) has not been applied yet. Run `onsale migrate`.") == true)
            #expect {
                try database.check(both())
            } throws: { error in
                (error as? MigrationError)?.code == .pending && "\(error)".contains("2 (two more)")
            }
            #expect(try database.migrate(both()) == ["2 (two more)"])
            try database.check(both())
        }
    }

    @Test("A migration that fails leaves nothing behind, and says which and why", arguments: DatabaseKind.allCases)
    func fails(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            let broken = try migrations([
                "V1__one.sql": MigratorTests.one,
                "V2__two.sql": "CREATE TABLE two (id INTEGER); INSERT INTO nowhere VALUES (1);",
                "V3__three.sql": "CREATE TABLE three (id INTEGER);",
            ])
            #expect {
                try database.migrate(broken)
            } throws: { error in
                (error as? MigrationError)?.code == .failed && "\(error)".contains("2 (two)")
                    && "\(error)".contains("nowhere")
            }
            #expect(try database.history().count == 1)
            #expect(throws: (any Error).self) { try database.rows("SELECT * FROM two") }
            #expect(try database.migrate(both()) == ["2 (two more)"])
        }
    }

    @Test("An edited migration is refused before anything is applied, until repair", arguments: DatabaseKind.allCases)
    func edited(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            _ = try database.migrate(migrations(["V1__one.sql": MigratorTests.one]))
            let changed = try migrations([
                "V1__one.sql": "-- Changed\n" + MigratorTests.one, "V2__two.sql": MigratorTests.two,
            ])
            #expect {
                try database.migrate(changed)
            } throws: { error in
                (error as? MigrationError)?.code == .unfit
                    && "\(error)".contains("Migration 1 (one) has changed since it was applied")
            }
            #expect(try database.history().count == 1)
            let repaired = try database.repair(changed)
            #expect(repaired.map { $0.hasSuffix("Noted what 1 (one) says today.") } == [true])
            #expect(try database.migrate(changed) == ["2 (two)"])
            #expect(try database.repair(changed) == [])
        }
    }

    @Test("A missing migration is refused, until repair marks it as deleted", arguments: DatabaseKind.allCases)
    func missing(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            _ = try database.migrate(both())
            let rest = try migrations(["V2__two_more.sql": MigratorTests.two, "V3__three.sql": "SELECT 1;"])
            #expect {
                try database.migrate(rest)
            } throws: { error in
                "\(error)".contains("Migration 1 (one) has been applied, but this program has no such file")
            }
            let repaired = try database.repair(rest)
            #expect(repaired.map { $0.hasSuffix("Marked 1 (one) as deleted.") } == [true])
            #expect(try database.migrate(rest) == ["3 (three)"])
            #expect(
                try database.history().map { $0.split(separator: " | ").prefix(4).joined(separator: " ") } == [
                    "1 1 one SQL", "2 2 two more SQL", "3 1 one DELETE", "4 3 three SQL",
                ])
        }
    }

    @Test("What a newer version has applied is refused, and repair leaves it alone", arguments: DatabaseKind.allCases)
    func future(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            _ = try database.migrate(both())
            let old = try migrations(["V1__one.sql": MigratorTests.one])
            let before = try database.history()
            for attempt in [
                { try database.migrate(old) },
                {
                    try database.check(old); return []
                },
            ] {
                #expect {
                    try attempt()
                } throws: { error in
                    "\(error)".contains("Migration 2 (two more) has been applied by a newer version of onsale")
                }
            }
            #expect(try database.repair(old) == [])
            #expect(try database.history() == before)
        }
    }

    @Test("A failed attempt in the history is refused, until repair forgets it", arguments: DatabaseKind.allCases)
    func failedRow(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            _ = try database.migrate(migrations(["V1__one.sql": MigratorTests.one]))
            try database.execute(
                """
                INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum,
                    installed_by, execution_time, success)
                VALUES (2, '2', 'two more', 'SQL', 'V2__two_more.sql', 5, 'flyway', 3, FALSE)
                """)
            #expect {
                try database.migrate(both())
            } throws: { error in
                "\(error)".contains("Migration 2 (two more) has failed half way")
            }
            let repaired = try database.repair(both())
            #expect(repaired.map { $0.hasSuffix("Forgot the failed attempt at 2.") } == [true])
            #expect(try database.migrate(both()) == ["2 (two more)"])
        }
    }

    @Test("Many that start at once apply each migration once between them", arguments: DatabaseKind.allCases)
    func atOnce(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            // None can be applied twice.
            let set = try migrations([
                "V1__one.sql": "CREATE TABLE one (id INTEGER);", "V2__two.sql": "CREATE TABLE two (id INTEGER);",
                "V3__three.sql": "ALTER TABLE one ADD COLUMN more INTEGER;",
                "V4__four.sql": "INSERT INTO two VALUES (1);", "V5__five.sql": "CREATE TABLE five (id INTEGER);",
            ])
            let outcomes = Mutex<[Result<[String], any Error>]>([])
            await onThreads(8) {
                let outcome = Result { try database.migrate(set) }
                outcomes.withLock { $0.append(outcome) }
            }
            let applied = try outcomes.withLock { try $0.flatMap { try $0.get() } }
            #expect(applied.sorted() == ["1 (one)", "2 (two)", "3 (three)", "4 (four)", "5 (five)"])
            #expect(try database.history().count == 5)
            #expect(try database.rows("SELECT CAST(count(*) AS TEXT) FROM two") == [["1"]])
        }
    }

    @Test(
        "Before the first migration nothing is applied, nothing is there to repair, and nothing is created",
        arguments: DatabaseKind.allCases)
    func untouched(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            let set = try both()
            #expect(try database.validate(set).count == 2)
            #expect(try database.repair(set) == [])
            #expect(throws: (any Error).self) { try database.history() }
        }
    }

    @Test("The shipped migrations work", arguments: DatabaseKind.allCases)
    func shipped(kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            // The folder of a vendor's own is for that vendor.
            let all = try OnsaleSchema.migrations().migrations.filter {
                kind != .sqlite || !$0.script.hasPrefix("postgresql/")
            }
            #expect(try database.migrate(MigrationSet(all)).count == all.count)
            _ = try database.rows(
                "SELECT partition, sequence, recorded_at, fact_count, payload, checksum, epoch FROM journal")
            _ = try database.rows("SELECT partition, last_sequence, checksum, epoch, owner, owned_at FROM journal_head")
            _ = try database.rows("SELECT digest, content FROM document")
            _ = try database.rows("SELECT partition, last_sequence, payload FROM dormant")
        }
    }
}

/// Runs `body` on so many threads at once; waits for all of them.
func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) async {
    await withTaskGroup(of: Void.self) { group in
        for _ in 0..<count {
            group.addTask {
                await withCheckedContinuation { continuation in
                    Thread {
                        body()
                        continuation.resume()
                    }.start()
                }
            }
        }
    }
}
