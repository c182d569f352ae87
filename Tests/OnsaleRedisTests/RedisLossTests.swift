import Foundation
import Logging
import OnsaleRedis
import Servers
import Synchronization
import Testing

/// The client with a real Redis that stands still, dies, forgets or has no room.
@Suite(.serialized) struct RedisLossTests {
    @Test func nobodyWaitsForARedisThatIsNotThere() async throws {
        let port = try Loopback.freePort()
        try await withClient(port: port, waits: false) { client in
            #expect(await RedisFailure.of { _ = try await client.get("k") } == .away)
            #expect(!client.send(.get("k")))
            #expect(client.figures.away == 2 && client.figures.queue == 0)
            guard case .away = client.state else {
                Issue.record("\(client.state)")
                return
            }
        }
    }

    @Test func aRedisThatStandsStillIsLateThenAwayAndThenBackWithTheRightAnswers() async throws {
        try await withRedis { server in
            try await withClient(port: server.port, RedisLimits()) { client in
                try await client.set("before", to: [1], forSeconds: 60)
                server.freeze()
                #expect(await RedisFailure.of { _ = try await client.get("before") } == .late)
                await eventually { client.state != .up }
                #expect(await RedisFailure.of { _ = try await client.get("before") } == .away)
                server.thaw()
                await eventually { client.state == .up }
                for number: UInt8 in 0..<100 { try await client.set("k\(number)", to: [number], forSeconds: 60) }
                for number: UInt8 in 0..<100 { #expect(try await client.get("k\(number)") == [number]) }
                #expect(try await client.get("before") == [1])
                #expect(client.figures.queue == 0 && client.figures.reconnects >= 1)
            }
        }
    }

    @Test func answersThatComeLateGoToNobodyElse() async throws {
        try await withRedis { server in
            try await withFaultProxy(to: server.port) { proxy in
                var limits = RedisLimits()
                limits.deadlineMilliseconds = 100
                limits.silenceMilliseconds = 30_000
                try await withClient(port: proxy.port, limits) { client in
                    try await client.set("a", to: [1], forSeconds: 60)
                    try await client.set("b", to: [2], forSeconds: 60)
                    proxy.delay(milliseconds: 400)
                    for _ in 0..<3 { #expect(await RedisFailure.of { _ = try await client.get("a") } == .late) }
                    proxy.pass()
                    await eventually { client.figures.queue == 0 }
                    #expect(try await client.get("b") == [2])
                    #expect(client.figures.late == 3 && client.figures.reconnects == 0)
                }
            }
        }
    }

    @Test func afterAStopOfTenSecondsAllIsAsBefore() async throws {
        try await withRedis { server in
            try await withClient(port: server.port, RedisLimits()) { client in
                try await client.set("k", to: [7], forSeconds: 60)
                server.freeze()
                let end = ContinuousClock.now + .seconds(10)
                var failures: [RedisFailure] = []
                while ContinuousClock.now < end {
                    if let failure = await RedisFailure.of({ _ = try await client.get("k") }) {
                        failures.append(failure)
                    }
                    try await Task.sleep(for: .milliseconds(50))
                }
                server.thaw()
                #expect(failures.contains(.away))
                #expect(failures.allSatisfy { [.away, .late, .lost].contains($0) })
                await eventually { client.state == .up }
                #expect(try await client.get("k") == [7])
            }
        }
    }

    @Test func aRedisThatCrashedAndStartedAgainIsEmptyAndUsed() async throws {
        try await withRedis { server in
            try await withClient(port: server.port, RedisLimits()) { client in
                try await client.set("k", to: [1], forSeconds: 60)
                server.crash()
                await eventually { client.state != .up }
                #expect(!client.send(.get("k")) && client.figures.queue == 0)
                #expect(await RedisFailure.of { _ = try await client.get("k") } == .away)
                try server.restart()
                await eventually { client.state == .up }
                #expect(try await client.get("k") == nil)
                try await client.set("k", to: [2], forSeconds: 60)
                #expect(client.figures.reconnects == 1)
            }
        }
    }

    @Test func afterFlushallNothingIsThereAndAllGoesOn() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client in
                try await client.set("k", to: [1], forSeconds: 60)
                try server.run("FLUSHALL")
                #expect(try await client.get("k") == nil)
                try await client.set("k", to: [2], forSeconds: 60)
                #expect(try await client.get("k") == [2])
                #expect(client.figures.failures == 0)
            }
        }
    }

    @Test func aFullQueueRefusesAtOnceAndEmptiesItself() async throws {
        try await withRedis { server in
            var limits = RedisLimits()
            limits.commandsMax = 100
            try await withClient(port: server.port, limits) { client async throws in
                server.freeze()
                let taken = (0..<150).filter { _ in client.send(.get("k")) }.count
                #expect(taken == 100 && client.figures.full == 50 && client.figures.queue == 100)
                #expect(await RedisFailure.of { _ = try await client.get("k") } == .full)
                server.thaw()
                await eventually { client.figures.queue == 0 && client.state == .up }
                #expect(try await client.get("k") == nil)
                #expect(client.figures.queueBytes == 0)
            }
        }
    }

    @Test func theBytesThatWaitAreBoundedToo() async throws {
        try await withRedis { server in
            var limits = RedisLimits()
            limits.queueBytesMax = 1_000_000
            try await withClient(port: server.port, limits) { client in
                server.freeze()
                let value = [UInt8](repeating: 0, count: 100_000)
                let taken = (0..<20).filter { client.send(.set("k\($0)", to: value, forSeconds: 60)) }.count
                #expect(taken == 9 && client.figures.full == 11)
                server.thaw()
                await eventually { client.figures.queueBytes == 0 && client.state == .up }
            }
        }
    }

    @Test func withoutRoomAndEvictionWritesAreRefusedAndReadsGoOn() async throws {
        try await withRedis([["maxmemory", "4mb"], ["maxmemory-policy", "noeviction"]]) { server in
            try await withClient(port: server.port) { client in
                let value = [UInt8](repeating: 1, count: 100_000)
                var failure: RedisFailure?
                for number in 0..<100 where failure == nil {
                    failure = await RedisFailure.of { try await client.set("k\(number)", to: value, forSeconds: 60) }
                }
                guard case .refused("OOM", _) = failure else {
                    Issue.record("\(String(describing: failure))")
                    return
                }
                #expect(client.figures.refused == 1 && client.figures.reconnects == 0 && client.state == .up)
                #expect(try await client.get("k0") == value)
                try server.run("FLUSHALL")
                try await client.set("k0", to: value, forSeconds: 60)
            }
        }
    }

    @Test func withoutRoomTheCachedGoesBeforeThePresentUnderVolatileTTL() async throws {
        let settings = [["maxmemory", "6mb"], ["maxmemory-policy", "volatile-ttl"], ["maxmemory-samples", "10"]]
        try await withRedis(settings) { server in
            try await withClient(port: server.port) { client in
                let present = (0..<20).map { "present\($0)" }
                for key in present { try await client.set(key, to: .init(repeating: 1, count: 1_000), forSeconds: 45) }
                let value = [UInt8](repeating: 2, count: 50_000)
                for number in 0..<400 { try await client.set("cached\(number)", to: value, forSeconds: 10) }
                let left = try await client.mget(present).compactMap { $0 }.count
                #expect(left == present.count)
                #expect(try server.run("INFO", "stats").contains(/evicted_keys:[1-9]/))
                #expect(client.figures.failures == 0)
            }
        }
    }

    @Test func withoutRoomWritesGoOnUnderAllkeysLRU() async throws {
        try await withRedis([["maxmemory", "4mb"], ["maxmemory-policy", "allkeys-lru"]]) { server in
            try await withClient(port: server.port) { client in
                let value = [UInt8](repeating: 2, count: 50_000)
                for number in 0..<400 { try await client.set("cached\(number)", to: value, forSeconds: 10) }
                #expect(client.figures.failures == 0)
                #expect(try server.run("INFO", "stats").contains(/evicted_keys:[1-9]/))
            }
        }
    }

    @Test func aWrongPasswordMeansAwayAndIsInNoLogLine() async throws {
        try await withRedis(password: "richtig-1") { server in
            for (signIn, code) in [(":falsch-2@", "WRONGPASS"), ("nobody:falsch-2@", "WRONGPASS"), ("", "NOAUTH")] {
                let store = Lines.Store()
                let client = RedisClient(
                    try RedisAddress("redis://\(signIn)127.0.0.1:\(server.port)"), name: "test",
                    logger: Logger(label: "test") { _ in Lines(store: store) })
                await eventually { store.list.contains { $0.contains(code) } }
                #expect(await RedisFailure.of { _ = try await client.get("k") } == .away)
                await client.stop()
                #expect(!store.list.contains { $0.contains("falsch-2") })
                #expect(store.list.count == 1)
            }
            let right = RedisClient(
                try RedisAddress("redis://default:richtig-1@127.0.0.1:\(server.port)"), name: "test", logger: quiet)
            await eventually { right.state == .up }
            await right.stop()
        }
    }
}
