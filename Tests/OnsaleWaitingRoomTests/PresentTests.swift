import OnsaleValues
import Seeded
import Testing

@testable import OnsaleWaitingRoom

/// The count of those present, against a look at every place.
@Suite struct PresentTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    @Test(
        "However people come, leave and are admitted, the count is what a look at every place gives", arguments: 0..<20)
    func count(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
        let schedule = OnsaleSchedule(
            lobbyOpensAt: nil, opensAt: Self.start, closesAt: nil, hasWaitingRoom: true, maxActiveShoppers: 3,
            passSeconds: 60, passIdleSeconds: 20, frontSeconds: 15)
        var line = Line(schedule: schedule)
        var now = Self.start
        var sawAbsent = false
        for step in 0..<600 {
            var facts: [LineFact] = []
            now = Timestamp(milliseconds: now.milliseconds + Int64(below(4) == 0 ? below(20_000) : below(1500)))
            line.advance(to: now, placesLeft: 100, facts: &facts)
            let buyer = BuyerID(high: 1, low: UInt64(below(40)))
            switch below(4) {
            case 0: _ = try? line.apply(JoinLine(buyer), now: now, placesLeft: 100, facts: &facts)
            case 1:
                let places = line.places.all.filter { _ in below(2) == 0 }
                _ = try? line.apply(NotePresence(of: places), now: now, placesLeft: 100, facts: &facts)
            case 2:
                for place in line.calls.keys.sorted() where below(2) == 0 {
                    let buyer = line.places.buyer(of: place)
                    _ = try? line.apply(ClaimPass(of: place, buyer: buyer), now: now, placesLeft: 100, facts: &facts)
                }
            default:
                if below(20) == 0 { line.carryOn(line.attendance) }
            }
            let waiting = line.places.all.filter { line.places[$0].isWaiting }
            #expect(waiting.count == line.waiting)
            let seen = waiting.count { line.presence.isSeen($0, at: now) }
            let isGrace = line.presence.isGrace(at: now)
            #expect(line.present(at: now) == (isGrace ? line.waiting : seen), "step \(step)")
            sawAbsent = sawAbsent || line.present(at: now) < line.waiting
        }
        #expect(sawAbsent && line.fault == nil)
    }
}
