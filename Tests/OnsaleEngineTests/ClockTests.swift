import OnsaleEngine
import OnsaleValues
import Synchronization
import Testing

/// Whatever the system clock says, time passes steadily.
@Suite struct ClockTests {
    /// A wall clock and a monotonic one, set by hand.
    private final class Hands: Sendable {
        let wall = Mutex(Int64(1_800_000_000_000))
        let uptime = Mutex(Int64(1000))
        let told = Mutex<[Int64]>([])

        func pass(_ milliseconds: Int64) {
            wall.withLock { $0 += milliseconds }
            uptime.withLock { $0 += milliseconds }
        }

        func clock(after latest: Timestamp? = nil, accepts: Bool = false) throws(ClockFinding) -> SystemClock {
            try SystemClock(
                after: latest, accepts: accepts, wall: { self.wall.withLock { $0 } },
                uptime: { self.uptime.withLock { $0 } }, onJump: { drift in self.told.withLock { $0.append(drift) } })
        }
    }

    private static let hour: Int64 = 3_600_000

    @Test("A wall clock that is wrong for an hour moves time by seconds at most, and is reported once")
    func spike() throws {
        let hands = Hands()
        let clock = try hands.clock()
        let before = clock.now().milliseconds
        hands.wall.withLock { $0 += Self.hour }
        for _ in 0..<600 {
            hands.pass(100)
            _ = clock.now()
        }
        let during = clock.now().milliseconds
        #expect((60_000...61_000).contains(during - before))
        #expect(hands.told.withLock { $0.count } == 1)
        hands.wall.withLock { $0 -= Self.hour }
        hands.pass(1000)
        #expect((990...1010).contains(clock.now().milliseconds - during))
    }

    @Test("Setting the wall clock back neither stops time nor makes it go back")
    func setBack() throws {
        let hands = Hands()
        let clock = try hands.clock()
        var last = clock.now()
        let first = last
        hands.wall.withLock { $0 -= Self.hour }
        for _ in 0..<100 {
            hands.pass(100)
            let now = clock.now()
            #expect(now > last)
            last = now
        }
        #expect((9800...10_000).contains(last.milliseconds - first.milliseconds))
    }

    @Test("A small difference is corrected silently")
    func slews() throws {
        let hands = Hands()
        let clock = try hands.clock()
        hands.wall.withLock { $0 += 1500 }
        for _ in 0..<2000 {
            hands.pass(100)
            _ = clock.now()
        }
        #expect(clock.now().milliseconds == hands.wall.withLock { $0 })
        #expect(hands.told.withLock { $0.isEmpty })
    }

    @Test("Time continues from the journal at a start; a clock far behind it is refused unless accepted")
    func start() throws {
        let hands = Hands()
        let now = hands.wall.withLock { $0 }
        let ahead = Timestamp(milliseconds: now + 60_000)
        #expect(try hands.clock(after: ahead).now() == ahead)
        #expect(try hands.clock(after: Timestamp(milliseconds: now - Self.hour)).now().milliseconds == now)
        let far = Timestamp(milliseconds: now + Self.hour)
        #expect(throws: ClockFinding.behindJournal(seconds: 3600)) { try hands.clock(after: far) }
        #expect(try hands.clock(after: far, accepts: true).now() == far)
        hands.wall.withLock { $0 = 5 }
        #expect(throws: ClockFinding.impossible) { try hands.clock() }
    }
}
