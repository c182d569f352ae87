import Servers
import Testing

@testable import OnsalePostgres

@Suite(.timeLimit(.minutes(1))) struct PostgresCheckTests {
    private static let good = [
        "server_version_num": "150020", "server_version": "15.20", "fsync": "on", "synchronous_commit": "on",
        "full_page_writes": "on", "transaction_isolation": "read committed", "server_encoding": "UTF8",
        "synchronous_standby_names": "", "transaction_read_only": "off", "in_recovery": "f",
    ]

    private func check(_ changes: [String: String]) -> PostgresCheck {
        PostgresCheck(PostgresCheckTests.good.merging(changes) { $1 }, encryption: nil)
    }

    @Test(
        "A server that could lose or refuse what was answered is refused, with a word on what to do",
        arguments: [
            ("fsync", "off", "fsync"), ("synchronous_commit", "off", "ALTER DATABASE"),
            ("server_version_num", "140011", "too old"), ("in_recovery", "t", "standby"),
            ("transaction_read_only", "on", "read-only"), ("server_encoding", "LATIN1", "UTF8"),
            ("transaction_isolation", "serializable", "isolation"),
        ])
    func refuses(name: String, value: String, word: String) {
        let check = check([name: value])
        #expect(check.refusals.count == 1)
        #expect(check.refusals.first?.contains(word) == true)
    }

    @Test("Commits that this server alone has are fine, unless standbys were meant to have them")
    func local() {
        #expect(check([:]).refusals.isEmpty && check([:]).warnings.isEmpty)
        #expect(check(["synchronous_commit": "local"]).warnings.isEmpty)
        let both = check(["synchronous_commit": "local", "synchronous_standby_names": "ANY 1 (a, b)"])
        #expect(both.refusals.isEmpty && both.warnings.count == 1)
        #expect(check(["full_page_writes": "off"]).warnings.count == 1)
    }

    @Test("A real server is judged by what our own sessions get")
    func real() async throws {
        let server = try PostgresServer.shared.get()
        try await server.withDatabase { name in
            func check() throws -> PostgresCheck {
                let configuration = try PostgresConfiguration(url: server.url(database: name))
                return try PostgresCheck(PostgresConnection(configuration), by: .after(.seconds(10)))
            }
            try server.run("ALTER DATABASE \(name) SET default_transaction_isolation = serializable")
            #expect(try check().refusals == [])
            #expect(try check().facts["tls"] == "off")
            try server.run("ALTER DATABASE \(name) SET synchronous_commit = off")
            #expect(try check().refusals.count == 1)
        }
    }

    @Test("A standby takes no writes, and is refused as a server that isn't ready rather than used")
    func readOnly() async throws {
        let server = try PostgresServer.shared.get()
        try await server.withDatabase { name in
            try server.run("ALTER DATABASE \(name) SET default_transaction_read_only = on")
            let configuration = try PostgresConfiguration(url: server.url(database: name))
            let error = #expect(throws: PostgresError.self) { try PostgresConnection(configuration) }
            #expect(error?.message.contains("read-only") == true)
        }
    }
}
