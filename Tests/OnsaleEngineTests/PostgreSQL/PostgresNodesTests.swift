import Doubles
import OnsaleEngine
import OnsaleOwnership
import OnsalePostgres
import OnsaleValues
import Servers
import Testing

@testable import OnsaleStorage

@Suite(.timeLimit(.minutes(2))) struct PostgresNodesTests {
    private func nodes(_ name: String, _ session: UInt64, _ database: String, port: Int? = nil) throws -> PostgresNodes
    {
        let server = try PostgresServer.shared.get()
        return PostgresNodes(
            try PostgresConfiguration(url: server.url(database: database, port: port)),
            node: try #require(NodeID(name: name, session: session)), url: "http://\(name)", sells: name != "edge",
            limit: .seconds(10))
    }

    private func tell(_ sighting: Sighting) -> [String] {
        sighting.nodes.map { "\($0.id.name) \($0.beat) \($0.isConnected)" }.sorted()
    }

    @Test("Nodes see each other's beats, and that one has left or died")
    func seeEachOther() async throws {
        try await withPostgresJournal { _, name in
            let a = try nodes("a", .max, name)
            let b = try nodes("edge", 1 << 63 | 5, name)
            #expect(tell(try a.tick(isWell: true, now: 1)) == ["a 1 true"])
            let sighting = try b.tick(isWell: true, now: 77)
            #expect(tell(sighting) == ["a 1 true", "edge 1 true"])
            #expect(sighting.askedAt == 77)
            #expect(sighting.nodes.map(\.sells).sorted { !$0 && $1 } == [false, true])
            #expect(sighting.nodes.contains { $0.id == NodeID(name: "edge", session: 1 << 63 | 5) })
            #expect(sighting.nodes.allSatisfy { $0.since.milliseconds > 1_700_000_000_000 })
            // One that is not well shows no beat.
            #expect(tell(try b.tick(isWell: false, now: 1)) == ["a 1 true", "edge 1 true"])
            #expect(tell(try a.tick(isWell: true, now: 1)) == ["a 2 true", "edge 1 true"])
            b.leave()
            #expect(tell(try a.tick(isWell: true, now: 1)) == ["a 3 true"])
        }
    }

    @Test("A node whose session was ended is seen as gone, comes back by itself, and can be taken off the list")
    func ended() async throws {
        try await withPostgresJournal { _, name in
            let a = try nodes("a", 1, name)
            let b = try nodes("b", 2, name)
            let id = try #require(NodeID(name: "b", session: 2))
            _ = try b.tick(isWell: true, now: 1)
            _ = try a.tick(isWell: true, now: 1)
            try a.forget(id)
            #expect(tell(try a.tick(isWell: true, now: 1)).contains("b 1 true"))
            #expect(try a.terminate(id))
            while try !tell(a.tick(isWell: true, now: 1)).contains("b 1 false") {}
            #expect(try !a.terminate(id))
            #expect(throws: PostgresError.self) { try b.tick(isWell: true, now: 1) }
            #expect(tell(try b.tick(isWell: true, now: 1)).contains("b 2 true"))
            #expect(try a.terminate(id))
            while try tell(a.tick(isWell: true, now: 1)).contains("b 2 true") {}
            try a.forget(id)
            #expect(try a.tick(isWell: true, now: 1).nodes.count == 1)
            // One that was taken off the list puts itself on it again.
            while (try? b.tick(isWell: true, now: 1)) == nil {}
            #expect(try a.tick(isWell: true, now: 1).nodes.count == 2)
        }
    }

    @Test("A name belongs to the run that is connected; the next one gets it when that has ended")
    func names() async throws {
        try await withPostgresJournal { _, name in
            let first = try nodes("a", 1, name)
            let second = try nodes("a", 2, name)
            _ = try first.tick(isWell: true, now: 1)
            #expect(throws: PostgresNodes.NameTaken.self) { try second.tick(isWell: true, now: 1) }
            #expect(try first.tick(isWell: true, now: 1).nodes.map(\.id.session) == [1])
            let server = try PostgresServer.shared.get()
            try server.run("SELECT pg_terminate_backend(backend, 5000) FROM node", database: name)
            #expect(try second.tick(isWell: true, now: 1).nodes.map(\.id.session) == [2])
            for _ in 0..<2 { #expect(throws: (any Error).self) { try first.tick(isWell: true, now: 1) } }
        }
    }

    @Test("A node whose connection has gone silent ends that session when it has a new one")
    func silentConnection() async throws {
        let server = try PostgresServer.shared.get()
        try await withPostgresJournal { _, name in
            try await withFaultProxy(to: server.port) { proxy in
                let a = try nodes("a", 1, name)
                let b = try nodes("b", 2, name, port: proxy.port)
                _ = try b.tick(isWell: true, now: 1)
                proxy.inject(.dropRequest(with: Array("nodes".utf8)))
                let holder =
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)' AND application_name = 'onsale registry'"
                #expect(throws: PostgresError.self) { try b.tick(isWell: true, now: 1) }
                _ = try b.tick(isWell: true, now: 1)
                while try server.run(holder) != "1" {}
                #expect(tell(try a.tick(isWell: true, now: 1)).contains("b 2 true"))
            }
        }
    }

    @Test("Heads are told when they have moved, also those that were being written while somebody looked")
    func heads() async throws {
        try await withPostgresJournal { journal, name in
            let a = try nodes("a", 1, name)
            func told() throws -> [String] {
                try a.tick(isWell: true, now: 1).heads.map { "\($0.event) \($0.lastSequence) \($0.epoch)" }.sorted()
            }
            func write(_ event: String, epoch: UInt64) throws {
                let head = try journal.head(of: event) ?? .empty(event)
                let row = head.row(payload: [1], count: 1, time: Timestamp(milliseconds: 1), epoch: epoch)
                let owner = try #require(NodeID(name: "n", session: 9))
                if case .committed = journal.claim(row, owner: owner) { return }
                try journal.append([row])
            }
            for event in ["x", "y", "z"] { try write(event, epoch: 1) }
            #expect(try told() == ["x 1 1", "y 1 1", "z 1 1"])
            // Other tests' transactions, older than the last write, make heads news for longer.
            while try !told().isEmpty {}
            try write("y", epoch: 2)
            #expect(try told() == ["y 2 2"])
            while try !told().isEmpty {}
            let server = try PostgresServer.shared.get()
            let slow = try PostgresConnection(PostgresConfiguration(url: server.url(database: name)))
            try slow.execute(
                "BEGIN; UPDATE journal_head SET last_sequence = 7 WHERE partition = 'x'", by: .after(.seconds(9)))
            try write("z", epoch: 1)
            #expect(try told().contains("z 2 1"))
            try slow.execute("COMMIT", by: .after(.seconds(9)))
            #expect(try told().contains("x 7 1"))
            while try !told().isEmpty {}
        }
    }
}
