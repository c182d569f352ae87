import Servers
import Synchronization
import Testing

@testable import OnsalePostgres

@Suite(.timeLimit(.minutes(2))) struct PostgresPoolTests {
    private let soon = Deadline.after(.seconds(30))

    @Test("There are never more connections than the pool's size, and whoever gets none in time is told")
    func bounded() async throws {
        try await withPostgres { url in
            let pool = PostgresPool(try PostgresConfiguration(url: url), size: 2)
            defer { pool.close() }
            try pool.withConnection(by: soon) { first in
                try pool.withConnection(by: soon) { second in
                    #expect(first.backend != second.backend)
                    let error = #expect(throws: PostgresError.self) {
                        try pool.withConnection(by: .after(.milliseconds(50))) { _ in }
                    }
                    #expect(error?.outcome == .notSent)
                }
            }
        }
    }

    @Test("A connection is used again, unless it broke or was left in a transaction")
    func reuse() async throws {
        try await withPostgres { url in
            let pool = PostgresPool(try PostgresConfiguration(url: url), size: 1)
            defer { pool.close() }
            func backend(_ sql: String? = nil) throws -> Int32 {
                try pool.withConnection(by: soon) { connection in
                    if let sql { try connection.execute(sql, by: soon) }
                    return connection.backend
                }
            }
            let first = try backend()
            #expect(try backend() == first)
            #expect(try backend("BEGIN") == first)
            #expect(try backend() != first)
        }
    }

    @Test("Reads survive the end of all connections")
    func reconnects() async throws {
        let server = try PostgresServer.shared.get()
        try await server.withDatabase { name in
            let pool = PostgresPool(try PostgresConfiguration(url: server.url(database: name)), size: 2)
            defer { pool.close() }
            for _ in 0..<3 {
                let found = try pool.withRepeats(by: soon) { try $0.rows("SELECT 1", by: soon) }
                #expect(found == [["1"]])
                try server.run(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '\(name)'")
            }
        }
    }

    @Test("While nobody answers, a caller waits no longer than it wants to")
    func nobodyAnswers() throws {
        let port = try Loopback.freePort()
        let pool = PostgresPool(try PostgresConfiguration(url: "postgresql://u@127.0.0.1:\(port)/d"), size: 1)
        let error = #expect(throws: PostgresError.self) {
            try pool.withRepeats(by: .after(.milliseconds(300))) { try $0.execute("SELECT 1", by: soon) }
        }
        #expect(error?.outcome == .notSent)
        pool.close()
        #expect(throws: PostgresError.self) { try pool.withConnection(by: soon) { _ in } }
    }
}
