import Doubles
import OnsaleEngine
import OnsaleOwnership
import OnsalePostgres
import OnsaleValues
import Servers
import Testing

@testable import OnsaleStorage

@Suite(.timeLimit(.minutes(2))) struct PostgresNodesTests {
    private func configuration(_ id: NodeID, _ database: String, port: Int? = nil) throws -> PostgresConfiguration {
        let server = try PostgresServer.shared.get()
        return try PostgresConfiguration(
            url: server.url(database: database, port: port), name: PostgresNodes.sessionName(of: id))
    }

    private func nodes(_ name: String, _ session: UInt64, _ database: String, port: Int? = nil) throws -> PostgresNodes
    {
        let id = try #require(NodeID(name: name, session: session))
        return PostgresNodes(
            try configuration(id, database, port: port), node: id, url: "http://\(name)", limit: .seconds(10))
    }

    /// Name, beat and whether it is connected, of all nodes that one sees.
    private func look(_ nodes: PostgresNodes, isWell: Bool = true) throws -> [String] {
        try nodes.look(isWell: isWell, sells: true).nodes.map { "\($0.id.name) \($0.beat) \($0.isConnected)" }.sorted()
    }

    @Test("Nodes see each other's beats, and that one has left")
    func seeEachOther() async throws {
        try await withPostgresJournal { _, name in
            let a = try nodes("a", .max, name)
            let b = try nodes("edge", 1 << 63 | 5, name)
            #expect(try look(a) == ["a 1 true"])
            let seen = try b.look(isWell: true, sells: false).nodes.sorted { $0.id < $1.id }
            #expect(seen.map(\.id.session) == [.max, 1 << 63 | 5])
            #expect(seen.map(\.sells) == [true, false])
            #expect(seen.map(\.url) == ["http://a", "http://edge"])
            #expect(seen.allSatisfy { $0.since.milliseconds > 1_700_000_000_000 })
            // One that is not well shows no beat.
            #expect(try look(b, isWell: false) == ["a 1 true", "edge 1 true"])
            #expect(try look(a) == ["a 2 true", "edge 1 true"])
            try b.leave()
            #expect(try look(a) == ["a 3 true"])
        }
    }

    @Test("A node whose session ends is seen as gone, and comes back by itself")
    func comesBack() async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgresJournal { _, name in
            let a = try nodes("a", 1, name)
            let b = try nodes("b", 2, name)
            _ = try look(b)
            try server.run("SELECT pg_terminate_backend(backend, 5000) FROM node", database: name)
            #expect(try look(a) == ["a 1 true", "b 1 false"])
            #expect(throws: PostgresError.self) { try look(b) }
            #expect(try look(b) == ["a 1 true", "b 2 true"])
        }
    }

    @Test("A silent node's sessions are ended by another, those that write too; if it goes on, it is back")
    func ended() async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgresJournal { _, name in
            let a = try nodes("a", 1, name)
            let b = try nodes("b", 2, name)
            let id = try #require(NodeID(name: "b", session: 2))
            let writing = try PostgresConnection(configuration(id, name))
            _ = try look(b)
            _ = try look(a)
            try a.end(id)
            let left = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)' AND application_name LIKE '% b'"
            while try server.run(left) != "0" {}
            #expect(throws: PostgresError.self) { try writing.execute("SELECT 1", by: .after(.seconds(9))) }
            #expect(try look(a) == ["a 2 true"])
            #expect(throws: PostgresError.self) { try look(b) }
            #expect(try look(b) == ["a 2 true", "b 1 true"])
        }
    }

    @Test("A name belongs to the run that is connected; the next one gets it when that has ended")
    func names() async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgresJournal { _, name in
            let first = try nodes("a", 1, name)
            let second = try nodes("a", 2, name)
            _ = try look(first)
            #expect(throws: PostgresNodes.NameTaken.self) { try look(second) }
            #expect(try first.look(isWell: true, sells: true).nodes.map(\.id.session) == [1])
            try server.run("SELECT pg_terminate_backend(backend, 5000) FROM node", database: name)
            #expect(try second.look(isWell: true, sells: true).nodes.map(\.id.session) == [2])
            for _ in 0..<2 { #expect(throws: (any Error).self) { try look(first) } }
        }
    }

    @Test("A node whose connection has gone silent ends that session when it has a new one")
    func silentConnection() async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgresJournal { _, name in
            try await withFaultProxy(to: server.port) { proxy in
                let a = try nodes("a", 1, name)
                let b = try nodes("b", 2, name, port: proxy.port)
                _ = try look(b)
                proxy.inject(.dropRequest(with: Array("nodes".utf8)))
                #expect(throws: PostgresError.self) { try look(b) }
                _ = try look(b)
                let left =
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)' AND application_name LIKE '% b'"
                while try server.run(left) != "1" {}
                #expect(try look(a) == ["a 1 true", "b 2 true"])
            }
        }
    }

    @Test("All heads are told, also those that were being written while somebody looked")
    func heads() async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgresJournal { journal, name in
            let a = try nodes("a", 1, name)
            func told() throws -> [String] {
                try a.look(isWell: true, sells: true).heads.map { head in
                    "\(head.event) \(head.lastSequence) \(head.epoch) \(head.owner?.description ?? "")"
                }.sorted()
            }
            func claim(_ event: String, _ epoch: UInt64) throws {
                let head = try journal.head(of: event) ?? .empty(event)
                let row = head.row(payload: [1], count: 1, time: Timestamp(milliseconds: 1), epoch: epoch)
                let id = try #require(NodeID(name: "n", session: 9))
                #expect("\(journal.claim(row, owner: id))" == "committed")
            }
            let owner = "n#0000000000000009"
            #expect(try told() == [])
            for event in ["x", "y", "z"] { try claim(event, 1) }
            #expect(try told() == ["x 1 1 \(owner)", "y 1 1 \(owner)", "z 1 1 \(owner)"])
            for _ in 0..<3 { _ = try told() }
            let slow = try PostgresConnection(PostgresConfiguration(url: server.url(database: name)))
            try slow.execute(
                "BEGIN; UPDATE journal_head SET last_sequence = 7 WHERE partition = 'x'", by: .after(.seconds(9)))
            try claim("z", 2)
            #expect(try told() == ["x 1 1 \(owner)", "y 1 1 \(owner)", "z 2 2 \(owner)"])
            try slow.execute("COMMIT", by: .after(.seconds(9)))
            #expect(try told() == ["x 7 1 \(owner)", "y 1 1 \(owner)", "z 2 2 \(owner)"])
            let head = try #require(try journal.head(of: "y"))
            try journal.append([head.row(payload: [1], count: 3, time: Timestamp(milliseconds: 1))])
            #expect(try told() == ["x 7 1 \(owner)", "y 4 1 \(owner)", "z 2 2 \(owner)"])
        }
    }
}
