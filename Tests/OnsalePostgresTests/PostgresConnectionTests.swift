import Servers
import Testing

@testable import OnsalePostgres

@Suite(.timeLimit(.minutes(2))) struct PostgresConnectionTests {
    private let soon = Deadline.after(.seconds(30))

    private func withConnection(_ body: (PostgresConnection) throws -> Void) async throws {
        try await withPostgres { url in
            try body(try PostgresConnection(PostgresConfiguration(url: url)))
        }
    }

    @Test("Values of every kind come back as they were sent")
    func roundTrip() async throws {
        try await withConnection { connection in
            let statement = PostgresStatement(
                "all",
                """
                SELECT $1::bigint, $2::text, $3::bytea, $4::boolean, $5::text, array_length($6::bigint[], 1),
                    ($6::bigint[])[2], ($7::text[])[1], ($8::bytea[])[2], cardinality($9::bigint[]), (-7)::integer
                """)
            for number in [Int64.min, -1, 0, 1, .max] {
                var values = PostgresValues()
                values.add(number)
                values.add("좌석 \u{1F3AB}")
                values.add([0, 255, 0, 1] as [UInt8])
                values.add(true)
                values.addNull()
                values.add([1, number])
                values.add(["a", ""])
                values.add([[1], [0, 9]] as [[UInt8]])
                values.add([Int64]())
                let rows = try connection.run(statement, values, by: soon)
                #expect(rows.count == 1)
                #expect(rows.integer(0, 0) == number)
                #expect(rows.text(0, 1) == "좌석 \u{1F3AB}")
                #expect(rows.bytes(0, 2) == [0, 255, 0, 1])
                #expect(rows.integer(0, 3) == 1)
                #expect(rows.isNull(0, 4))
                #expect(rows.integer(0, 5) == 2)
                #expect(rows.integer(0, 6) == number)
                #expect(rows.text(0, 7) == "a")
                #expect(rows.bytes(0, 8) == [0, 9])
                #expect(rows.integer(0, 9) == 0)
                #expect(rows.integer(0, 10) == -7)
            }
        }
    }

    @Test("Megabytes go both ways at once without a deadlock")
    func large() async throws {
        try await withConnection { connection in
            let bytes = (0..<(12 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var values = PostgresValues()
            values.add(bytes)
            let echo = PostgresStatement("echo", "SELECT $1::bytea")
            #expect(try connection.run(echo, values, by: soon).bytes(0, 0) == bytes)
            let calls = [PostgresCall](repeating: PostgresCall(echo, values), count: 3)
            for answer in try connection.runEach(calls, by: soon) { #expect(try answer.get().bytes(0, 0) == bytes) }
        }
    }

    @Test("A refusal says why, and the connection goes on")
    func refusal() async throws {
        try await withConnection { connection in
            try connection.execute("CREATE TABLE t (id BIGINT PRIMARY KEY); INSERT INTO t VALUES (1)", by: soon)
            let insert = PostgresStatement("insert", "INSERT INTO t VALUES ($1::bigint) RETURNING id")
            var values = PostgresValues()
            values.add(1)
            let error = #expect(throws: PostgresError.self) { try connection.run(insert, values, by: soon) }
            #expect(error?.outcome == .refused)
            #expect(error?.isUniqueViolation == true)
            #expect(connection.isIdle)
            #expect(try connection.rows("SELECT count(*), NULL, $1 FROM t", ["x"], by: soon) == [["1", nil, "x"]])
        }
    }

    @Test("A constraint that is checked at the commit only makes the statement fail, not succeed")
    func deferred() async throws {
        try await withConnection { connection in
            try connection.execute(
                "CREATE TABLE t (id BIGINT, CONSTRAINT u UNIQUE (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1)",
                by: soon)
            let insert = PostgresStatement("insert", "INSERT INTO t VALUES (1) RETURNING id")
            let one = #expect(throws: PostgresError.self) { try connection.run(insert, by: soon) }
            #expect(one?.isUniqueViolation == true)
            let two = #expect(throws: PostgresError.self) {
                try connection.runTogether([PostgresCall(insert)], by: soon)
            }
            #expect(two?.isUniqueViolation == true)
            #expect(connection.isIdle)
        }
    }

    @Test("Statements in one round trip are one transaction, or one each")
    func pipeline() async throws {
        try await withConnection { connection in
            try connection.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)", by: soon)
            let insert = PostgresStatement("insert", "INSERT INTO t VALUES ($1::bigint) RETURNING id")
            let calls = [1, 2, 1, 3].map { (number: Int64) in
                var values = PostgresValues()
                values.add(number)
                return PostgresCall(insert, values)
            }
            #expect(throws: PostgresError.self) { try connection.runTogether(calls, by: soon) }
            #expect(try connection.rows("SELECT count(*) FROM t", by: soon) == [["0"]])
            let answers = try connection.runEach(calls, by: soon)
            #expect(answers.map { (try? $0.get())?.integer(0, 0) } == [1, 2, nil, 3])
            #expect(connection.isIdle)
            #expect(
                try connection.runTogether(
                    [calls[0]].map { _ in PostgresCall(.init("one", "SELECT 1::bigint")) }, by: soon
                ).count == 1)
            #expect(try connection.runTogether([], by: soon).isEmpty)
        }
    }

    @Test("After a deadline the outcome is unknown and the connection closed; nothing more is sent")
    func deadline() async throws {
        try await withConnection { connection in
            let sleep = PostgresStatement("sleep", "SELECT pg_sleep(60)")
            try connection.prepare(sleep, by: soon)
            let late = #expect(throws: PostgresError.self) {
                try connection.run(sleep, by: .after(.milliseconds(200)))
            }
            #expect(late?.outcome == .unknown)
            #expect(!connection.isOpen)
            let closed = #expect(throws: PostgresError.self) { try connection.run(sleep, by: soon) }
            #expect(closed?.outcome == .notSent)
        }
    }

    @Test("A session that the server ended while nothing was asked has got nothing")
    func endedIdle() async throws {
        let server = try PostgresServer.shared.get()
        try await withConnection { connection in
            try server.run("SELECT pg_terminate_backend(\(connection.backend), 5000)")
            let error = #expect(throws: PostgresError.self) { try connection.execute("SELECT 1", by: soon) }
            #expect(error?.outcome == .notSent)
        }
    }

    @Test("A session that the server ends in the middle leaves the outcome unknown")
    func endedBusy() async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgres { url in
            let connection = try PostgresConnection(PostgresConfiguration(url: url))
            let backend = connection.backend
            let ended = Background {
                let busy = "SELECT count(*) FROM pg_stat_activity WHERE pid = \(backend) AND state = 'active'"
                while try server.run(busy) != "1" {}
                try server.run("SELECT pg_terminate_backend(\(backend))")
            }
            let error = #expect(throws: PostgresError.self) { try connection.execute("SELECT pg_sleep(60)", by: soon) }
            #expect(error?.outcome == .unknown)
            #expect(error?.sqlState == "57P01")
            #expect(!connection.isOpen)
            _ = try ended.value()
        }
    }

    @Test("Whatever a network does, a call comes back and says what is known", arguments: ["cut", "blackhole"])
    func faults(kind: String) async throws {
        let server = try PostgresServer.shared.get()
        try await server.withDatabase { name in
            try await withFaultProxy(to: server.port) { proxy in
                let configuration = try PostgresConfiguration(url: server.url(database: name, port: proxy.port))
                let connection = try PostgresConnection(configuration)
                #expect(proxy.connections == 1)
                if kind == "cut" { proxy.inject(.dropAnswer(to: Array("pg_sleep(0)".utf8))) } else { proxy.blackhole() }
                let error = #expect(throws: PostgresError.self) {
                    try connection.execute("SELECT pg_sleep(0)", by: .after(.seconds(1)))
                }
                #expect(error?.outcome == .unknown)
                let other = #expect(throws: PostgresError.self) {
                    proxy.refuse()
                    _ = try PostgresConnection(configuration, by: .after(.seconds(1)))
                }
                #expect(other?.outcome == .notSent)
                proxy.pass()
                try PostgresConnection(configuration).execute("SELECT 1", by: soon)
            }
        }
    }

    @Test("Every session reads committed rows, speaks UTF-8 and notices a client that is gone")
    func session() async throws {
        try await withConnection { connection in
            let settings = [
                "transaction_isolation": "read committed", "client_encoding": "UTF8", "lock_timeout": "3s",
                "statement_timeout": "1min", "client_connection_check_interval": "2s", "application_name": "onsale",
                "tcp_keepalives_idle": "5",
            ]
            for (name, value) in settings {
                let found = try connection.rows("SHOW \(name)", by: soon)
                #expect(found == [[value]], "\(name)")
            }
        }
    }
}
