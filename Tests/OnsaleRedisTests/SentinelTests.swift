import OnsaleRedis
import Servers
import Testing

/// A master, a replica and one Sentinel.
@Suite(.serialized) struct SentinelTests {
    private struct Three {
        let master: RedisServer
        let replica: RedisServer
        let sentinel: RedisServer

        init() async throws {
            let master = try RedisServer()
            let replica = try RedisServer(of: master)
            let sentinel = try RedisServer(watching: master, as: "main")
            await eventually { try replica.run("INFO", "replication").contains("master_link_status:up") }
            await eventually { try sentinel.run("SENTINEL", "REPLICAS", "main").contains("\(replica.port)") }
            (self.master, self.replica, self.sentinel) = (master, replica, sentinel)
        }

        func stop() {
            for server in [sentinel, replica, master] { server.stop() }
        }
    }

    /// Runs `body` with a client and a subscription that know the Sentinels only, one of which doesn't answer.
    private func follow(
        _ three: Three, _ body: (RedisClient, Ears) async throws -> Void
    ) async throws {
        let dead = try Loopback.freePort()
        let address = try RedisAddress("redis+sentinel://127.0.0.1:\(dead),127.0.0.1:\(three.sentinel.port)/main")
        let client = RedisClient(address, name: "test", logger: quiet)
        let ears = Ears()
        let subscription = RedisSubscription(address, name: "test", channels: ["c"], logger: quiet, receive: ears.hear)
        do {
            await eventually { client.state == .up && ears.events == [.subscribed("c")] }
            try await body(client, ears)
        } catch {
            Issue.record(error)
        }
        await client.stop()
        await subscription.stop()
    }

    private func sells(_ client: RedisClient, on server: RedisServer) async throws -> Bool {
        guard await RedisFailure.of({ try await client.set("after", to: [2], forSeconds: 60) }) == nil else {
            return false
        }
        return (try? server.run("EXISTS", "after")) == "1"
    }

    @Test func whenTheMasterDiesItsHeirIsUsed() async throws {
        let three = try await Three()
        defer { three.stop() }
        try await follow(three) { client, ears in
            try await client.set("k", to: [1], forSeconds: 60)
            three.master.crash()
            await eventually { try await sells(client, on: three.replica) }
            await eventually { ears.events.last == .resubscribed("c") }
            #expect(try await client.publish([1], on: "c") == 1)
            #expect(client.figures.reconnects >= 1)
        }
    }

    @Test func whenTheMasterIsDeposedAliveItsHeirIsUsed() async throws {
        let three = try await Three()
        defer { three.stop() }
        try await follow(three) { client, ears in
            try three.sentinel.run("SENTINEL", "FAILOVER", "main")
            await eventually { try await sells(client, on: three.replica) }
            await eventually { ears.events.last == .resubscribed("c") }
            await eventually { try await client.publish([1], on: "c") == 1 }
        }
    }

    @Test func aMasterThatTheSentinelsHaveLeftIsLeftThoughItAnswers() async throws {
        let old = try RedisServer()
        let new = try RedisServer()
        let sentinel = try RedisServer(watching: old, as: "main")
        defer { for server in [sentinel, old, new] { server.stop() } }
        let address = try RedisAddress("redis+sentinel://127.0.0.1:\(sentinel.port)/main")
        let client = RedisClient(address, name: "test", logger: quiet)
        await eventually { client.state == .up }
        try sentinel.run("SENTINEL", "REMOVE", "main")
        try sentinel.run("SENTINEL", "MONITOR", "main", "127.0.0.1", "\(new.port)", "1")
        await eventually { try await sells(client, on: new) }
        await client.stop()
    }

    @Test func aReplicaThatASentinelTakesForTheMasterIsNotUsed() async throws {
        let three = try await Three()
        defer { three.stop() }
        let replica = three.replica.port
        let liar = try FakeRedis { words in
            words.first == "SENTINEL"
                ? .send("*2\r\n$9\r\n127.0.0.1\r\n$\("\(replica)".count)\r\n\(replica)\r\n") : .greet
        }
        defer { liar.stop() }
        let address = try RedisAddress("redis+sentinel://127.0.0.1:\(liar.port)/main")
        let client = RedisClient(address, name: "test", logger: quiet)
        await eventually { try three.replica.run("INFO", "commandstats").contains("cmdstat_role") }
        #expect(client.state != .up)
        await client.stop()
    }

    @Test(arguments: [
        "*-1\r\n", "*0\r\n", "*2\r\n$0\r\n\r\n$1\r\n1\r\n", "*2\r\n$1\r\na\r\n$6\r\n999999\r\n", "-NOAUTH x\r\n",
    ])
    func aSentinelThatKnowsNothingLeavesUsAway(_ answer: String) async throws {
        let asked = AsyncStream.makeStream(of: Void.self)
        let sentinel = try FakeRedis { words in
            if words.first == "SENTINEL" { asked.continuation.yield() }
            return .send(answer)
        }
        defer { sentinel.stop() }
        let client = RedisClient(
            try RedisAddress("redis+sentinel://127.0.0.1:\(sentinel.port)/main"), name: "test", logger: quiet)
        var times = asked.stream.makeAsyncIterator()
        for _ in 0..<3 { await times.next() }
        #expect(client.state != .up)
        await client.stop()
    }

    @Test func aSentinelThatAsksForThePasswordGetsIt() async throws {
        let server = try RedisServer(password: "geheim")
        let signedIn = AsyncStream.makeStream(of: Bool.self)
        let port = server.port
        // One connection at a time in this test would be enough to remember, but each signs in anew.
        let sentinel = try FakeRedis { words in
            if words.first == "AUTH" { signedIn.continuation.yield(words == ["AUTH", "geheim"]) }
            if words.first == "SENTINEL" { return .send("-NOAUTH Authentication required.\r\n") }
            return .send("+OK\r\n*2\r\n$9\r\n127.0.0.1\r\n$\("\(port)".count)\r\n\(port)\r\n")
        }
        defer {
            sentinel.stop()
            server.stop()
        }
        let address = try RedisAddress("redis+sentinel://:geheim@127.0.0.1:\(sentinel.port)/main")
        let client = RedisClient(address, name: "test", logger: quiet)
        var times = signedIn.stream.makeAsyncIterator()
        #expect(await times.next() == true)
        await eventually { client.state == .up }
        await client.stop()
    }
}
