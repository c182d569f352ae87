import Doubles
import Logging
import OnsaleEngine
import OnsaleStreams
import OnsaleValues
import Synchronization
import Testing

@testable import OnsaleHTTP

/// What the live streams say when time alone changes something.
@Suite struct FeedTests {
    private final class HandClock: WallClock {
        let moment = Mutex(Timestamp(milliseconds: 1_800_000_000_000))

        func now() -> Timestamp { moment.withLock { $0 } }

        func advance(seconds: Int) {
            moment.withLock { $0 = $0.adding(seconds: seconds) }
        }
    }

    @Test("A moment that passes between what was said and the next look is not missed")
    func openingByTime() async throws {
        let clock = HandClock()
        let engine = Engine(
            journal: MemoryJournal(), clock: clock, payments: FakeGateway(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, fatal: { fatalError($0) })
        try engine.start()
        let opens = RFC3339.format(clock.now().adding(seconds: 30))
        let closes = RFC3339.format(clock.now().adding(seconds: 90))
        let json = """
            {"id":"show","title":"Show","startsAt":"2030-01-01T20:00:00.000Z","currency":"KRW",
             "areas":[{"name":"A","capacity":5,"category":"A"}],"prices":[{"category":"A","amount":1}],
             "onsale":{"opensAt":"\(opens)","closesAt":"\(closes)","waitingRoom":false}}
            """
        try await EventImport.create(fromJSON: Array(json.utf8), in: engine)
        let feed = WaitingRoomFeed(try await engine.event("show"), engine: engine)
        #expect(feed.millisecondsToChange == 30_000)
        // The clock passes the opening before the feed is asked when to look again.
        clock.advance(seconds: 31)
        #expect(feed.millisecondsToChange == 0)
        var told: [UInt8] = []
        if case .state(let message)? = feed.poll() { told = message.bytes }
        #expect(String(decoding: told, as: UTF8.self).contains(#""phase":"open""#))
        #expect(feed.millisecondsToChange == 59_000)
        clock.advance(seconds: 60)
        #expect(feed.poll() != nil)
        #expect(feed.millisecondsToChange == nil)
        await engine.stop()
    }
}
