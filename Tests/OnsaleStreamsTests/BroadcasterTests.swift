import Foundation
import OnsaleStreams
import Synchronization
import Testing

/// A feed whose state is a number, sent as deltas of ten thousand bytes.
private final class CountingFeed: Feed {
    private let count = Mutex(0)
    private let told = Mutex(0)
    private let polls = Atomic<Int>(0)
    let present = Mutex<[UInt32]>([])

    let intervalMilliseconds: Int

    init(intervalMilliseconds: Int = 1) {
        self.intervalMilliseconds = intervalMilliseconds
    }

    /// How often it was polled.
    var timesAsked: Int { polls.load(ordering: .relaxed) }

    func advance(telling broadcaster: Broadcaster) {
        count.withLock { $0 += 1 }
        broadcaster.hasNews(of: "s")
    }

    private func message(_ name: String, _ version: Int) -> Message {
        let filler = String(repeating: "x", count: 10_000)
        return Message(version: UInt64(version), bytes: Array("event: \(name)\ndata: \(version) \(filler)\n\n".utf8))
    }

    func snapshot() -> Message { message("snapshot", told.withLock { $0 }) }

    func poll() -> Change? {
        polls.add(1, ordering: .relaxed)
        let now = count.withLock { $0 }
        let before = told.withLock { told in
            defer { told = now }
            return told
        }
        return now == before ? nil : .delta(from: UInt64(before), message("delta", now))
    }

    func present(_ listeners: [UInt32]) { present.withLock { $0 = listeners } }
}

/// The broadcaster on real sockets, or on connections where sockets can't be taken over.
@Suite struct BroadcasterTests {
    private struct Ends {
        let ours: Int32
        let theirs: Int32
    }

    private func sockets() throws -> Ends {
        var pair: [Int32] = [0, 0]
        #if os(Linux)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        try #require(socketpair(AF_UNIX, kind, 0, &pair) == 0)
        _ = fcntl(pair[0], F_SETFL, O_NONBLOCK)
        return Ends(ours: pair[0], theirs: pair[1])
    }

    /// Reads until the text is enough, or for ten seconds.
    private func read(_ socket: Int32, until isEnough: (String) -> Bool) -> String {
        var timeout = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let end = Date(timeIntervalSinceNow: 10)
        while !isEnough(text), Date() < end {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count == 0 { break }
            if count > 0 { text += String(decoding: buffer[0..<count], as: UTF8.self) }
        }
        return text
    }

    private func versions(_ text: String) -> [(name: String, version: Int)] {
        text.components(separatedBy: "\n\n").compactMap { event in
            let lines = event.split(separator: "\n")
            guard lines.count == 2, let version = lines[1].dropFirst(6).split(separator: " ").first.flatMap({ Int($0) })
            else { return nil }
            return (String(lines[0].dropFirst(7)), version)
        }
    }

    private func waitUntil(_ isTrue: () -> Bool) async {
        for _ in 0..<3000 where !isTrue() { try? await Task.sleep(for: .milliseconds(10)) }
    }

    #if os(Linux)
        @Test("A reader that stalls skips forward, and gets whole messages up to the newest")
        func slowReader() async throws {
            let broadcaster = Broadcaster(listenersMax: 10)
            let feed = CountingFeed()
            let ends = try sockets()
            defer { close(ends.theirs) }
            try broadcaster.take(
                socket: ends.ours, head: Array("head\n\n".utf8), topic: "t", source: "s", lastVersion: nil, listener: 7
            ) { feed }
            // Far more than the socket's buffers and the kept deltas can hold.
            for _ in 0..<600 {
                feed.advance(telling: broadcaster)
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(feed.present.withLock { $0 } == [7])
            let text = read(ends.theirs) { self.versions($0).last?.version == 600 }
            #expect(text.hasPrefix("head\n\n"))
            let events = versions(text)
            #expect(events.first?.name == "snapshot" && events.last?.version == 600)
            #expect(events.count < 400, "the reader must not be sent everything it missed")
            // Versions only grow, and a snapshot stands in for missing ones.
            for (before, after) in zip(events, events.dropFirst()) { #expect(before.version < after.version) }
            #expect(events.dropFirst().contains { $0.name == "snapshot" })
            await broadcaster.stop()
            #expect(read(ends.theirs) { _ in false }.contains("retry: "))
        }

        @Test("A listener who has gone is noticed, and the number of listeners is limited")
        func goneAndFull() async throws {
            let broadcaster = Broadcaster(listenersMax: 1)
            let feed = CountingFeed()
            let first = try sockets()
            try broadcaster.take(socket: first.ours, head: [], topic: "t", source: "s", lastVersion: nil, listener: 0) {
                feed
            }
            let second = try sockets()
            defer {
                close(second.ours)
                close(second.theirs)
            }
            #expect(throws: Broadcaster.Refused.self) {
                try broadcaster.take(
                    socket: second.ours, head: [], topic: "t", source: "s", lastVersion: nil, listener: 0
                ) { feed }
            }
            close(first.theirs)
            await waitUntil { broadcaster.listeners == 0 }
            #expect(broadcaster.listeners == 0)
            await broadcaster.stop()
        }
    #endif

    @Test("While nothing happens no feed is polled, and news that arrive together go out as one")
    func asksForNewsAlone() async throws {
        let broadcaster = Broadcaster(listenersMax: 1)
        let feed = CountingFeed(intervalMilliseconds: 200)
        let connection = RecordingConnection()
        try broadcaster.take(
            connection: connection, head: [], topic: "t", source: "s", lastVersion: nil, listener: 0
        ) { feed }
        await waitUntil { connection.takesMore() && !versions(connection.text).isEmpty }
        try await Task.sleep(for: .milliseconds(500))
        #expect(feed.timesAsked == 0)
        for _ in 0..<50 { feed.advance(telling: broadcaster) }
        broadcaster.hasNews(of: "somebody else")
        await waitUntil { connection.takesMore() && versions(connection.text).last?.version == 50 }
        #expect(versions(connection.text).last?.version == 50)
        #expect(feed.timesAsked <= 2)
        await broadcaster.stop()
    }

    @Test("A connection gets what a socket would, one piece at a time, and its end is noticed")
    func connection() async throws {
        let broadcaster = Broadcaster(listenersMax: 1)
        let feed = CountingFeed()
        let connection = RecordingConnection()
        try broadcaster.take(
            connection: connection, head: Array("head\n\n".utf8), topic: "t", source: "s", lastVersion: nil, listener: 0
        ) { feed }
        // What came before the feed was made is in its first state.
        await waitUntil { !connection.text.isEmpty }
        feed.advance(telling: broadcaster)
        await waitUntil { connection.takesMore() && versions(connection.text).last?.version == 1 }
        #expect(connection.text.hasPrefix("head\n\n"))
        #expect(versions(connection.text).map(\.version) == [0, 1] || versions(connection.text).map(\.version) == [1])
        connection.end()
        await waitUntil { broadcaster.listeners == 0 }
        #expect(broadcaster.listeners == 0)
        await broadcaster.stop()
    }
}

/// A connection that takes a piece whenever the test says so.
private final class RecordingConnection: StreamConnection {
    private struct State {
        var bytes: [UInt8] = []
        var isOpen = true
        var isWriting = false
    }

    private let state = Mutex(State())

    var isOpen: Bool { state.withLock { $0.isOpen } }
    var text: String { String(decoding: state.withLock { $0.bytes }, as: UTF8.self) }

    func send(_ bytes: ArraySlice<UInt8>) -> SendResult {
        state.withLock { state in
            guard state.isOpen else { return .gone }
            guard !state.isWriting else { return .blocked }
            state.isWriting = true
            state.bytes += bytes
            return .sent(bytes.count)
        }
    }

    func takesMore() -> Bool {
        state.withLock { $0.isWriting = false }
        return true
    }

    func end() { state.withLock { $0.isOpen = false } }
    func close() { end() }
}
