import Foundation
import Logging
import OnsaleEngine
import OnsaleRedis
import OnsaleValues
import Servers
import Synchronization
import Testing

@testable import OnsaleCluster

/// With a real Redis.
@Suite(.serialized) struct ChannelTests {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let seal = Seal(nodeKey: "a key that all nodes share", for: .presence)

    private func withClient(_ body: (RedisServer, RedisClient) async throws -> Void) async throws {
        let server = try RedisServer()
        defer { server.stop() }
        let client = RedisClient(
            try RedisAddress("redis://127.0.0.1:\(server.port)"), name: "test", logger: ChannelTests.logger)
        try await until { client.state == .up }
        do { try await body(server, client) } catch {
            await client.stop()
            throw error
        }
        await client.stop()
    }

    private func until(_ condition: () -> Bool) async throws {
        for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
        #expect(condition())
    }

    private func post(_ client: RedisClient, _ node: String) -> PresencePost {
        PresencePost(client, seal: seal, node: node)
    }

    @Test func whoListensAtOneNodeIsReadAtAnother() async throws {
        try await withClient { server, client in
            let board = PresenceBoard()
            board.note([1, 5, 70_000], listeningTo: "opera")
            let done = await post(client, "a").write(board, all: true)
            #expect(done.written == 1 && done.failed == 0)
            let reading = await post(client, "b").read(["opera", "rock"], at: ["a"], now: 0)
            #expect(reading.listeners.map(\.event) == ["opera"])
            #expect(reading.listeners.first?.numbers == BitPages([1, 5, 70_000]))
            #expect(reading.missing.isEmpty)
            for key in ["onsale:{opera}:present:a", "onsale:roster:a"] {
                let seconds = try #require(Int(try server.run("TTL", key)))
                #expect((1...PresencePost.livesSeconds).contains(seconds))
            }
        }
    }

    @Test func whatRedisHasLostIsAskedOfTheNodes() async throws {
        try await withClient { server, client in
            let board = PresenceBoard()
            board.note([1], listeningTo: "opera")
            let (writer, reader) = (post(client, "a"), post(client, "b"))
            _ = await writer.write(board, all: true)
            try server.run("DEL", "onsale:{opera}:present:a")
            #expect(await reader.read(["opera"], at: ["a"], now: 0).missing == ["a": ["opera"]])
            try server.run("FLUSHALL")
            #expect(await reader.read(["opera"], at: ["a", "c"], now: 0).missing == ["a": ["opera"], "c": ["opera"]])
            _ = await writer.write(board, all: true)
            #expect(await reader.read(["opera"], at: ["a"], now: 0).missing.isEmpty)
        }
    }

    @Test func aRosterThatStandsStillIsNotBelieved() async throws {
        try await withClient { _, client in
            let board = PresenceBoard()
            board.note([1], listeningTo: "opera")
            let (writer, reader) = (post(client, "a"), post(client, "b"))
            _ = await writer.write(board, all: true)
            #expect(await reader.read(["opera"], at: ["a"], now: 0).missing.isEmpty)
            #expect(await reader.read(["opera"], at: ["a"], now: 13_000).missing == ["a": ["opera"]])
            _ = await writer.write(board, all: false)
            #expect(await reader.read(["opera"], at: ["a"], now: 14_000).missing.isEmpty)
        }
    }

    @Test func aFullRedisIsNoRoster() async throws {
        try await withClient { server, client in
            let board = PresenceBoard()
            board.note([1], listeningTo: "opera")
            try server.run("CONFIG", "SET", "maxmemory", "1")
            try server.run("CONFIG", "SET", "maxmemory-policy", "noeviction")
            let done = await post(client, "a").write(board, all: true)
            #expect(done.written == 0 && done.failed == 1)
            #expect(await post(client, "b").read(["opera"], at: ["a"], now: 0).missing == ["a": ["opera"]])
        }
    }

    @Test func presenceThatNoNodeSealedIsNone() async throws {
        try await withClient { _, client in
            let board = PresenceBoard()
            board.note([1], listeningTo: "opera")
            let stranger = PresencePost(client, seal: Seal(nodeKey: "another key", for: .presence), node: "a")
            _ = await stranger.write(board, all: true)
            let reading = await post(client, "b").read(["opera"], at: ["a"], now: 0)
            #expect(reading.listeners.isEmpty && reading.missing == ["a": ["opera"]])
        }
    }

    @Test func rowsAreToldToWhoeverListens() async throws {
        try await withClient { server, client in
            let rowSeal = Seal(nodeKey: "a key that all nodes share", for: .rows)
            let got = Mutex<[RowMessage]>([])
            let isListening = Mutex(false)
            let subscription = RedisSubscription(
                try RedisAddress("redis://127.0.0.1:\(server.port)"), name: "test", patterns: [RedisNames.allRows],
                logger: ChannelTests.logger
            ) { event in
                switch event {
                case .subscribed: isListening.withLock { $0 = true }
                case .message(let channel, let payload):
                    guard let message = RowListener.open(payload, from: channel, rowSeal) else { return }
                    got.withLock { $0.append(message) }
                default: break
                }
            }
            try await until { isListening.withLock { $0 } }
            let teller = RowTeller(client, seal: rowSeal)
            let rows = (0..<500).map {
                RowMessageTests.row(payload: [UInt8](repeating: 1, count: $0), event: "e\($0 % 7)")
            }
            for row in rows { teller.noteClaim(row) }
            try await until { got.withLock { $0.count } == 500 }
            #expect(got.withLock { $0 } == rows.map { .row($0) })
            await subscription.stop()
        }
    }

    @Test func aDocumentIsThereForAMinuteAndOnlyFromANode() async throws {
        try await withClient { server, client in
            let documents = SharedDocuments(client, seal: Seal(nodeKey: "key of all", for: .documents))
            #expect(await documents.get("d1") == nil)
            documents.keep([1, 2, 3], as: "d1")
            #expect(await documents.get("d1") == [1, 2, 3])
            let seconds = try #require(Int(try server.run("TTL", "onsale:document:d1")))
            #expect((1...60).contains(seconds))
            try server.run("SET", "onsale:document:d1", "something else", "EX", "60")
            #expect(await documents.get("d1") == nil)
            documents.keep([UInt8](repeating: 0, count: 3 << 20), as: "large")
            #expect(await documents.get("large") == nil)
            #expect(documents.figures == .init(found: 1, missing: 3))
        }
    }
}
