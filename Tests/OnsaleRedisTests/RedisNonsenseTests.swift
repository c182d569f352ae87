import Foundation
import Logging
import Servers
import Synchronization
import Testing

@testable import OnsaleRedis

/// The client with a server that is no Redis, or a hostile one.
@Suite(.serialized) struct RedisNonsenseTests {
    private struct Nonsense {
        let reaction: FakeRedis.Reaction
        /// What the log says of it.
        let reason: String

        init(_ reaction: FakeRedis.Reaction, _ reason: String) {
            self.reaction = reaction
            self.reason = reason
        }
    }

    private static let string = "$300000\r\n" + String(repeating: "x", count: 300_000) + "\r\n"

    private static let nonsense = [
        Nonsense(.send("hello\r\n"), "Protocol error"), Nonsense(.send("\r\n"), "Protocol error"),
        Nonsense(.send("\u{0}\u{1}\u{2}"), "Protocol error"), Nonsense(.send("%1\r\n+a\r\n"), "Protocol error"),
        Nonsense(.send("HTTP/1.1 400 Bad Request\r\n\r\n"), "Protocol error"), Nonsense(.send(":x\r\n"), "integer"),
        Nonsense(.send("$-5\r\n"), "out of range"), Nonsense(.send("*-9\r\n"), "out of range"),
        Nonsense(.send("$x\r\n"), "length"), Nonsense(.send("$99999999999999999999\r\n"), "length"),
        Nonsense(.send("*99999999999999999999\r\n"), "length"),
        Nonsense(.send("*2147483647\r\n"), "too many values"), Nonsense(.send("*65536\r\n"), "too many values"),
        Nonsense(.send(String(repeating: "*60000\r\n", count: 7)), "too many values"),
        Nonsense(.send(String(repeating: "*1\r\n", count: 10_000)), "depth"), Nonsense(.flood("*1\r\n"), "depth"),
        Nonsense(.send("*2\r\n*40000\r\n"), "no answer for"), Nonsense(.send("+OK\r\n+OK\r\n"), "answer to nothing"),
        Nonsense(.flood(String(repeating: "+", count: 9_999)), "too many bytes"),
        Nonsense(.flood(String(repeating: "*", count: 9_999)), "too many bytes"),
        Nonsense(.flood("$1000000000\r\n" + String(repeating: "x", count: 9_999)), "too many bytes"),
        Nonsense(.send("*9\r\n" + String(repeating: string, count: 9)), "too many bytes"),
        Nonsense(.sendAndClose("$100\r\nabc"), "closed"), Nonsense(.sendAndClose("*3\r\n$1\r\na\r\n"), "closed"),
        Nonsense(.sendAndClose("$"), "closed"), Nonsense(.sendAndClose(""), "closed"),
    ]

    private static func isGreeting(_ words: [String]) -> Bool { ["CLIENT", "PING"].contains(words.first) }

    @Test(arguments: nonsense.indices)
    func nonsenseCostsTheConnectionAndNothingElse(_ index: Int) async throws {
        let reaction = RedisNonsenseTests.nonsense[index].reaction
        let server = try FakeRedis { words in
            if RedisNonsenseTests.isGreeting(words) { return .greet }
            return words == ["GET", "good"] ? .send("$1\r\ny\r\n") : reaction
        }
        defer { server.stop() }
        var limits = RedisLimits()
        limits.replyBytesMax = 1 << 20
        let store = Lines.Store()
        let logger = Logger(label: "test") { _ in Lines(store: store) }
        try await withClient(port: server.port, limits, logger: logger) { client async throws in
            // A reply too many comes after a good one.
            let failure = await RedisFailure.of { _ = try await client.get("bad") }
            #expect([.lost, .late, .nonsense("no value"), nil].contains(failure))
            await eventually { client.figures.reconnects >= 1 && client.state == .up }
            #expect(try await client.get("good") == [0x79])
            #expect(client.figures.queue == 0)
        }
        let reason = store.list.first { $0.contains("warning") } ?? ""
        #expect(reason.contains(RedisNonsenseTests.nonsense[index].reason), "\(reason)")
    }

    @Test(arguments: ["OOM", "READONLY", "MOVED 3999 127.0.0.1:6381", "NOAUTH", "LOADING", "BUSY", "ERR"])
    func anErrorOfRedisFailsTheCommandAlone(_ text: String) async throws {
        let server = try FakeRedis { words in
            RedisNonsenseTests.isGreeting(words) ? .greet : .send(words[1] == "bad" ? "-\(text)\r\n" : "$1\r\ny\r\n")
        }
        defer { server.stop() }
        try await withClient(port: server.port) { client async throws in
            let failure = await RedisFailure.of { _ = try await client.get("bad") }
            let code = String(text.prefix { $0 != " " })
            #expect(failure == .refused(code: code, message: text))
            #expect(try await client.get("good") == [0x79])
            #expect(client.figures.reconnects == 0 && client.figures.refused == 1)
        }
    }

    @Test func anErrorWithinAnArrayIsNoValue() async throws {
        let server = try FakeRedis { words in
            RedisNonsenseTests.isGreeting(words) ? .greet : .send("*2\r\n$1\r\na\r\n-OOM no\r\n")
        }
        defer { server.stop() }
        try await withClient(port: server.port) { client in
            #expect(await RedisFailure.of { _ = try await client.mget(["a", "b"]) } == .nonsense("no value"))
            #expect(await RedisFailure.of { _ = try await client.mget(["a"]) } == .nonsense("another number of values"))
        }
    }

    @Test(arguments: ["-LOADING Redis is loading the dataset in memory\r\n", "-MASTERDOWN no\r\n", "+OK\r\n", "*0\r\n"])
    func aServerThatIsNotReadyIsNotUsed(_ pong: String) async throws {
        let asked = Atomic<Int>(0)
        let server = try FakeRedis { words in
            guard words == ["PING"], asked.add(1, ordering: .relaxed).newValue <= 2 else { return .greet }
            return .send(pong)
        }
        defer { server.stop() }
        try await withClient(port: server.port) { client in
            #expect(client.state == .up)
            #expect(asked.load(ordering: .relaxed) >= 3)
        }
    }

    @Test func aServerThatRepeatsThePasswordDoesNotBringItIntoTheLog() async throws {
        let server = try FakeRedis { words in
            .send("-ERR unknown command `AUTH`, with args beginning with: \(words.dropFirst())\r\n")
        }
        defer { server.stop() }
        let store = Lines.Store()
        let client = RedisClient(
            try RedisAddress("redis://user:geheim@127.0.0.1:\(server.port)"), name: "test",
            logger: Logger(label: "test") { _ in Lines(store: store) })
        await eventually { !store.list.isEmpty }
        await client.stop()
        #expect(!store.list.contains { $0.contains("geheim") })
    }

    @Test func aServerThatAcceptsAndSaysNothingDoesNotHoldUpTheEnd() async throws {
        let server = try FakeRedis { _ in .nothing }
        defer { server.stop() }
        var limits = RedisLimits()
        limits.connectMilliseconds = 600_000
        try await withClient(port: server.port, limits, waits: false) { client in
            #expect(await RedisFailure.of { _ = try await client.get("k") } == .away)
        }
    }

    @Test func repliesOfEveryKindAreRead() async throws {
        let server = try FakeRedis { words in
            RedisNonsenseTests.isGreeting(words)
                ? .greet : .send("*7\r\n+s\r\n:-5\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n*2\r\n*1\r\n:1\r\n$2\r\n\r\n\r\n")
        }
        defer { server.stop() }
        try await withClient(port: server.port) { client in
            let reply = try await client.command(.get("k"))
            #expect(
                reply
                    == .array([
                        .status("s"), .integer(-5), .none, .none, .array([]), .bytes([]),
                        .array([.array([.integer(1)]), .bytes([13, 10])]),
                    ]))
        }
    }
}
