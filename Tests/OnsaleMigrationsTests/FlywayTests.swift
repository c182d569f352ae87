import OnsaleMigrations
import Servers
import Synchronization
import Testing

/// Flyway itself finds what it expects, and may go on where we left off, or the reverse.
@Suite(.timeLimit(.minutes(3))) struct FlywayTests {
    private static let table = #""public"."flyway_schema_history""#

    private func files() throws -> MigrationSet {
        try migrations([
            "journal/V1__one.sql": "CREATE TABLE one (id INTEGER);",
            "V2__two.sql": "CREATE TABLE two (id INTEGER);",
        ])
    }

    @Test("The lock's number is Flyway's")
    func lockNumber() {
        #expect(PostgreSQLMigrations.quotedTable(in: "public") == FlywayTests.table)
        #expect(PostgreSQLMigrations.lockNumber(of: FlywayTests.table) == 77_433_833_903_597)
        #expect(PostgreSQLMigrations.quotedTable(in: "a\"b") == #""a""b"."flyway_schema_history""#)
    }

    @Test("The history's table is what Flyway creates: columns and their order, types, constraint, index")
    func definition() async throws {
        try await withPostgres { url in
            let database = PostgresTestDatabase(url: url)
            _ = try database.migrate(files())
            let columns = try database.rows(
                """
                SELECT column_name, data_type || coalesce('(' || character_maximum_length || ')', ''),
                    CASE is_nullable WHEN 'NO' THEN 'not null' ELSE '' END, coalesce(column_default, '')
                FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name = 'flyway_schema_history' ORDER BY ordinal_position
                """)
            #expect(
                columns == [
                    ["installed_rank", "integer", "not null", ""],
                    ["version", "character varying(50)", "", ""],
                    ["description", "character varying(200)", "not null", ""],
                    ["type", "character varying(20)", "not null", ""],
                    ["script", "character varying(1000)", "not null", ""],
                    ["checksum", "integer", "", ""],
                    ["installed_by", "character varying(100)", "not null", ""],
                    ["installed_on", "timestamp without time zone", "not null", "now()"],
                    ["execution_time", "integer", "not null", ""],
                    ["success", "boolean", "not null", ""],
                ])
            let indexes = try database.rows(
                "SELECT indexdef FROM pg_indexes WHERE tablename = 'flyway_schema_history' ORDER BY indexname"
            ).map { $0[0] }
            #expect(
                indexes == [
                    "CREATE UNIQUE INDEX flyway_schema_history_pk ON public.flyway_schema_history USING btree "
                        + "(installed_rank)",
                    "CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success)",
                ])
        }
    }

    /// What Flyway asks at its start, and what it expects to read.
    @Test("Flyway's questions at its start get answers")
    func questions() async throws {
        try await withPostgres { url in
            let database = PostgresTestDatabase(url: url)
            _ = try database.migrate(files())
            try database.connect { connection in
                let session = connection.session
                #expect(try session.rows("SELECT current_schema", []) == [["public"]])
                let exists = try session.rows(
                    """
                    SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c
                        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r')
                    """, ["public", "flyway_schema_history"])
                #expect(exists == [["t"]])
                try session.execute("BEGIN")
                #expect(try session.rows("SELECT pg_try_advisory_xact_lock(77433833903597)", []) == [["t"]])
                let rows = try session.rows(
                    """
                    SELECT "installed_rank","version","description","type","script","checksum","installed_on",\
                    "installed_by","execution_time","success" FROM \(FlywayTests.table)
                    WHERE "installed_rank" > $1 ORDER BY "installed_rank"
                    """, ["-1"])
                #expect(
                    rows.map { [$0[0], $0[1], $0[2], $0[3], $0[4], $0[7], $0[9]] } == [
                        ["1", "1", "one", "SQL", "journal/V1__one.sql", "postgres", "t"],
                        ["2", "2", "two", "SQL", "V2__two.sql", "postgres", "t"],
                    ])
                try session.execute("COMMIT")
            }
        }
    }

    @Test("What Flyway has applied since is known, as if we had")
    func goesOnAfterFlyway() async throws {
        try await withPostgres { url in
            let database = PostgresTestDatabase(url: url)
            _ = try database.migrate(files())
            let three = try Migration(script: "V3__three.sql", bytes: Array("CREATE TABLE three (id INTEGER);".utf8))
            try database.connect { connection in
                try connection.session.execute(three.sql)
                _ = try connection.session.rows(
                    """
                    INSERT INTO \(FlywayTests.table) ("installed_rank", "version", "description", "type", "script",
                        "checksum", "installed_by", "execution_time", "success")
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                    """, ["3", "3", "three", "SQL", "V3__three.sql", "\(three.checksum)", "flyway", "12", "true"])
            }
            let set = try MigrationSet(files().migrations + [three])
            #expect(try database.validate(set) == [])
            #expect(try database.migrate(set) == [])
        }
    }

    @Test(
        "Whoever holds Flyway's lock is waited for, and after the limit it is said who to look for",
        arguments: [
            "BEGIN; SELECT pg_advisory_xact_lock(77433833903597)", "SELECT pg_advisory_lock(77433833903597)",
        ])
    func waitsForFlyway(taking: String) async throws {
        try await withPostgres { url in
            let flyway = try LibpqSession(url)
            try flyway.execute(taking)
            let impatient = PostgresTestDatabase(url: url, lockLimit: .milliseconds(1))
            let set = try files()
            #expect {
                try impatient.migrate(set)
            } throws: { error in
                (error as? MigrationError)?.code == .busy && "\(error)".contains("advisory lock 77433833903597")
            }
            let outcome = Mutex<Result<[String], any Error>?>(nil)
            async let waiting: Void = onThreads(1) {
                let result = Result { try PostgresTestDatabase(url: url).migrate(set) }
                outcome.withLock { $0 = result }
            }
            // Once it has tried in vain we let go. Within its transaction the other session would always see the same.
            let watcher = try LibpqSession(url)
            try await untilTrue {
                let hasEnded = outcome.withLock { $0 != nil }
                return try hasEnded
                    || !watcher.rows(
                        "SELECT '1' FROM pg_stat_activity WHERE datname = current_database() AND query = 'ROLLBACK'", []
                    ).isEmpty
            }
            #expect(outcome.withLock { $0 == nil })
            try flyway.execute("SELECT pg_advisory_unlock_all(); COMMIT")
            await waiting
            #expect(try outcome.withLock { try $0?.get() } == ["1 (one)", "2 (two)"])
        }
    }
}

@Suite(.timeLimit(.minutes(3))) struct PostgreSQLMigrationTests {
    private func one() throws -> MigrationSet { try migrations(["V1__one.sql": "CREATE TABLE one (id INTEGER);"]) }

    @Test("A database with tables of somebody else is left alone; an extension's don't count")
    func strangers() async throws {
        try await withPostgres { url in
            let database = PostgresTestDatabase(url: url)
            try database.execute("CREATE TABLE theirs (id INTEGER)")
            #expect {
                try database.migrate(one())
            } throws: { error in
                (error as? MigrationError)?.code == .occupied && "\(error)".contains("theirs")
            }
            #expect(throws: (any Error).self) { try database.history() }
            try database.execute("DROP TABLE theirs")
            // Its view is in our schema.
            try database.execute("CREATE EXTENSION pg_stat_statements")
            #expect(try database.migrate(one()) == ["1 (one)"])
        }
    }

    @Test("The history is in the schema that comes first, with a lock of its own")
    func otherSchema() async throws {
        try await withPostgres { url in
            let database = PostgresTestDatabase(url: url)
            let name = try #require(try database.rows("SELECT current_database()")[0][0])
            try database.execute(#"CREATE SCHEMA "the shop"; ALTER DATABASE \#(name) SET search_path = "the shop""#)
            // Only the lock of that schema's history is waited for.
            let flyway = try LibpqSession(url)
            try flyway.execute("SELECT pg_advisory_lock(77433833903597)")
            #expect(try database.migrate(one()) == ["1 (one)"])
            #expect(try database.rows(#"SELECT 1 FROM "the shop".flyway_schema_history"#).count == 1)
        }
    }

    @Test("A search_path without a schema is refused with a line that says so")
    func noSchema() async throws {
        try await withPostgres { url in
            let database = PostgresTestDatabase(url: url)
            let name = try #require(try database.rows("SELECT current_database()")[0][0])
            try database.execute("ALTER DATABASE \(name) SET search_path = nowhere")
            #expect {
                try database.migrate(one())
            } throws: { error in
                "\(error)".contains("no schema of the search_path exists")
            }
        }
    }
}

/// Waits until a condition holds.
func untilTrue(_ condition: () throws -> Bool) async throws {
    while try !condition() { try await Task.sleep(for: .milliseconds(5)) }
}
