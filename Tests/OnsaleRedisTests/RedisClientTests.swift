import Foundation
import OnsaleRedis
import Servers
import Synchronization
import Testing

/// The client with a real Redis that is well.
@Suite(.serialized) struct RedisClientTests {
    @Test func whatIsSetIsReadBackByteForByteUntilItIsForgotten() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client in
                let value = (0...255).map { UInt8($0) } + [13, 10, 0]
                try await client.set("한글 key", to: value, forSeconds: 60)
                try await client.set("empty", to: [], forSeconds: 60)
                #expect(try await client.get("한글 key") == value)
                #expect(try await client.mget(["empty", "none", "한글 key"]) == [[], nil, value])
                #expect(try await client.mget([]).isEmpty)
                #expect(try await client.forget("empty"))
                #expect(try await client.get("empty") == nil)
                #expect(try await !client.forget("empty"))
            }
        }
    }

    @Test func everyKeyWillBeGoneByItself() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client in
                try await client.set("k", to: [1], forSeconds: 45)
                let seconds = try #require(Int(try server.run("TTL", "k")))
                #expect((1...45).contains(seconds))
                try await client.set("short", to: [1], forSeconds: 1)
                await eventually { try await client.get("short") == nil }
            }
        }
    }

    @Test func thousandsOfCommandsAtOnceEachGetTheirOwnAnswer() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client in
                let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<5_000 {
                        group.addTask {
                            let value = Array("value \(number)".utf8)
                            try await client.set("k\(number)", to: value, forSeconds: 60)
                            return try await client.get("k\(number)") == value
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 0 : 1) }
                }
                #expect(wrong == 0)
                let figures = client.figures
                #expect(figures.commands == 10_000 && figures.queue == 0 && figures.queueBytes == 0)
                #expect(figures.failures == 0 && figures.reconnects == 0)
            }
        }
    }

    @Test func twoMegabytesGoThereAndBackAndMoreIsRefused() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client in
                let value = (0..<client.limits.valueBytesMax).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                try await client.set("k", to: value, forSeconds: 60)
                #expect(try await client.get("k") == value)
                #expect(
                    await RedisFailure.of { try await client.set("k", to: value + [0], forSeconds: 60) } == .tooLarge)
                #expect(!client.send(.publish(value + [0], on: "c")))
                #expect(client.figures.failures == 2)
            }
        }
    }

    @Test func whatNobodyWaitsForIsSentAllTheSame() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client async throws in
                for number in 0..<1_000 { client.send(.set("k\(number)", to: [1], forSeconds: 60)) }
                #expect(try await client.get("k999") == [1])
                #expect(try server.run("DBSIZE") == "1000")
            }
        }
    }

    @Test func redisListsTheConnectionByItsName() async throws {
        try await withRedis { server in
            let address = try RedisAddress("redis://127.0.0.1:\(server.port)/3")
            let client = RedisClient(address, name: "node one", logger: quiet)
            await eventually { client.state == .up }
            #expect(try server.run("CLIENT", "LIST").contains("name=node_one"))
            #expect(try server.run("CLIENT", "LIST").contains(" db=3 "))
            await client.stop()
            await eventually { try !server.run("CLIENT", "LIST").contains("node_one") }
        }
    }

    @Test func anIdleConnectionStaysUp() async throws {
        try await withRedis { server in
            var limits = RedisLimits.patient
            limits.heartbeatMilliseconds = 20
            try await withClient(port: server.port, limits) { client in
                let beats = { try server.run("INFO", "commandstats").contains(/cmdstat_ping:calls=[0-9]{2}/) }
                await eventually(beats)
                #expect(client.state == .up)
                #expect(client.figures.commands == 0 && client.figures.queue == 0 && client.figures.failures == 0)
            }
        }
    }

    @Test func afterItWasStoppedEverythingFails() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client in
                server.freeze()
                defer { server.thaw() }
                async let pending = RedisFailure.of { _ = try await client.get("k") }
                await eventually { client.figures.queue == 1 }
                await client.stop()
                #expect(await pending == .stopped)
                #expect(await RedisFailure.of { _ = try await client.get("k") } == .stopped)
                #expect(!client.send(.get("k")))
                await client.stop()
            }
        }
    }
}
