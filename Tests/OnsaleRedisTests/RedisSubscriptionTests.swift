import Foundation
import OnsaleRedis
import Servers
import Synchronization
import Testing

@Suite(.serialized) struct RedisSubscriptionTests {
    /// Runs `body` with a subscription that listens, and stops it afterward.
    private func withSubscription<Value>(
        port: Int, channels: [String] = [], patterns: [String] = [], _ limits: RedisLimits = RedisLimits(),
        receive: @escaping @Sendable (RedisSubscription.Event) -> Void = { _ in },
        _ body: (RedisSubscription, Ears) async throws -> Value
    ) async throws -> Value {
        let ears = Ears()
        let subscription = RedisSubscription(
            try RedisAddress("redis://127.0.0.1:\(port)"), name: "test", channels: channels, patterns: patterns,
            limits: limits, logger: quiet
        ) { event in
            ears.hear(event)
            receive(event)
        }
        do {
            let value = try await body(subscription, ears)
            await subscription.stop()
            return value
        } catch {
            await subscription.stop()
            throw error
        }
    }

    @Test func messagesComeInOrderByteForByte() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client in
                try await withSubscription(port: server.port, channels: ["c"], patterns: ["onsale:*:rows"]) {
                    _, ears async throws in
                    await eventually { ears.events.count == 2 }
                    #expect(Set(ears.events.map { "\($0)" }).count == 2)
                    ears.forget()
                    for number in 0..<1_000 { client.send(.publish([UInt8(number % 256), 13, 10, 0], on: "c")) }
                    #expect(try await client.publish([1], on: "onsale:{evt_1}:rows") == 1)
                    #expect(try await client.publish([1], on: "nobody") == 0)
                    await eventually { ears.events.count == 1_001 }
                    let expected = (0..<1_000).map {
                        RedisSubscription.Event.message(channel: "c", payload: [UInt8($0 % 256), 13, 10, 0])
                    }
                    #expect(ears.events.dropLast() == expected[...])
                    #expect(ears.events.last == .message(channel: "onsale:{evt_1}:rows", payload: [1]))
                }
            }
        }
    }

    @Test func channelsComeAndGoWhileItListens() async throws {
        try await withRedis { server in
            try await withClient(port: server.port) { client in
                try await withSubscription(port: server.port) { subscription, ears async throws in
                    #expect(subscription.listen(to: "a"))
                    await eventually { ears.events == [.subscribed("a")] }
                    #expect(try await client.publish([1], on: "a") == 1)
                    subscription.ignore("a")
                    await eventually { try await client.publish([2], on: "a") == 0 }
                    ears.forget()
                    #expect(subscription.listen(to: "a"))
                    // It was left on purpose, so nothing was missed.
                    await eventually { ears.events == [.subscribed("a")] }
                }
            }
        }
    }

    @Test func thereAreOnlySoManyChannels() async throws {
        var limits = RedisLimits()
        limits.channelsMax = 2
        try await withSubscription(port: 1, channels: ["a"], limits) { subscription, _ in
            #expect(subscription.listen(to: "b"))
            #expect(!subscription.listen(to: "c"))
            #expect(subscription.listen(to: "a"))
            subscription.ignore("a")
            #expect(subscription.listen(to: "c"))
            #expect(!subscription.listen(to: String(repeating: "c", count: limits.keyBytesMax + 1)))
        }
    }

    @Test func thousandsOfChannelsAreListenedToAtOnce() async throws {
        try await withRedis { server in
            let channels = (0..<3_000).map { "onsale:{evt_\($0)}:rows" }
            try await withSubscription(port: server.port, channels: channels) { subscription, ears in
                await eventually { ears.events.count == channels.count }
                #expect(subscription.figures.channels == channels.count && subscription.figures.gaps == 0)
            }
        }
    }

    @Test func afterACrashEachChannelSaysThatSomethingMayBeMissing() async throws {
        try await withRedis { server in
            try await withSubscription(port: server.port, channels: ["a"], patterns: ["p*"]) { subscription, ears in
                await eventually { ears.events.count == 2 }
                ears.forget()
                server.crash()
                await eventually { ears.events == [.away] }
                #expect(subscription.state != .up)
                try server.restart()
                await eventually { ears.events.count == 3 }
                #expect(ears.events == [.away, .resubscribed("p*"), .resubscribed("a")])
                #expect(subscription.figures.gaps == 1 && subscription.state == .up)
            }
        }
    }

    @Test func aRedisThatStandsStillIsNoticedThoughNothingIsPublished() async throws {
        try await withRedis { server in
            try await withSubscription(port: server.port, channels: ["a"]) { _, ears in
                await eventually { ears.events == [.subscribed("a")] }
                server.freeze()
                await eventually { ears.events.last == .away }
                server.thaw()
                await eventually { ears.events.last == .resubscribed("a") }
            }
        }
    }

    @Test func aSilentNetworkIsNoticedToo() async throws {
        try await withRedis { server in
            try await withFaultProxy(to: server.port) { proxy in
                try await withSubscription(port: proxy.port, channels: ["a"]) { _, ears in
                    await eventually { ears.events == [.subscribed("a")] }
                    proxy.blackhole()
                    await eventually { ears.events.last == .away }
                    proxy.pass()
                    await eventually { ears.events.last == .resubscribed("a") }
                }
            }
        }
    }

    @Test func anIdleSubscriptionStaysUp() async throws {
        try await withRedis { server in
            var limits = RedisLimits()
            limits.heartbeatMilliseconds = 20
            try await withSubscription(port: server.port, channels: ["a"], limits) { subscription, ears in
                await eventually { try server.run("INFO", "commandstats").contains(/_ping:calls=[0-9]{2}/) }
                #expect(ears.events == [.subscribed("a")] && subscription.figures.gaps == 0)
            }
        }
    }

    @Test func whoReadsTooSlowlyIsCutOffAndToldOfTheGap() async throws {
        try await withRedis([["client-output-buffer-limit", "pubsub", "2mb", "1mb", "1"]]) { server in
            let gate = DispatchSemaphore(value: 0)
            let isOpen = Atomic<Bool>(false)
            let receive: @Sendable (RedisSubscription.Event) -> Void = { event in
                if case .message = event, !isOpen.load(ordering: .acquiring) {
                    gate.wait()
                    gate.signal()
                }
            }
            try await withSubscription(port: server.port, channels: ["a"], receive: receive) { subscription, ears in
                await eventually { ears.events == [.subscribed("a")] }
                try await withClient(port: server.port) { client in
                    let payload = [UInt8](repeating: 1, count: 100_000)
                    // Until Redis has cut it off.
                    await eventually { try await client.publish(payload, on: "a") == 0 }
                }
                isOpen.store(true, ordering: .releasing)
                gate.signal()
                await eventually { ears.events.last == .resubscribed("a") }
                #expect(subscription.figures.gaps == 1)
            }
        }
    }

    @Test(arguments: [
        "hello\r\n", "+OK\r\n", ":1\r\n", "*1\r\n+message\r\n", "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n:1\r\n", "*0\r\n",
        "-ERR no\r\n", "*2147483647\r\n", "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1000000000\r\n",
    ])
    func nonsenseCostsTheConnectionAndNothingElse(_ text: String) async throws {
        let hasSent = Atomic<Bool>(false)
        let good = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
        let server = try FakeRedis { words in
            guard words.first == "SUBSCRIBE" else { return .greet }
            return hasSent.exchange(true, ordering: .relaxed) ? .send(good) : .sendAndClose(good + text)
        }
        defer { server.stop() }
        try await withSubscription(port: server.port, channels: ["a"]) { _, ears in
            await eventually { ears.events.last == .resubscribed("a") }
            #expect(ears.events == [.subscribed("a"), .away, .resubscribed("a")])
        }
    }
}
