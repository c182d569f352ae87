import Seeded
import Testing

@testable import OnsaleWebhooks

@Suite struct PlanTests {
    @Test("Places go to those with the fewest attempts, within every bound, and none stays empty without a reason")
    func places() {
        var random = SeededRandom(seed: 4)
        for _ in 0..<2000 {
            var limits = WebhookLimits()
            limits.attemptsPerEndpointMax = Int.random(in: 1...5, using: &random)
            limits.failingAttemptsMax = Int.random(in: 0...4, using: &random)
            let free = Int.random(in: 0...20, using: &random)
            let loads = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                TakingPlan.Load(
                    id: EndpointID(using: &random), isFailing: random.happens(0.4),
                    underWay: Int.random(in: 0...limits.attemptsPerEndpointMax, using: &random),
                    due: Int.random(in: 0...limits.attemptsPerEndpointMax, using: &random))
            }
            let places = TakingPlan.places(loads, free: free, limits: limits, using: &random)
            let total = places.values.reduce(0, +)
            #expect(total <= free && places.values.allSatisfy { $0 > 0 })
            let failing = loads.filter(\.isFailing)
            let failingUnderWay = failing.reduce(0) { $0 + $1.underWay }
            let failingPlaces = failing.reduce(0) { $0 + (places[$1.id] ?? 0) }
            #expect(failingPlaces == 0 || failingUnderWay + failingPlaces <= limits.failingAttemptsMax)
            for load in loads {
                let count = places[load.id] ?? 0
                let limit = load.isFailing ? 1 : limits.attemptsPerEndpointMax
                #expect(count <= load.due && (count == 0 || load.underWay + count <= limit))
                // Room for one more, and one due: then all places are taken, or those for the failing.
                let isShort = count < load.due && load.underWay + count < limit
                let isFull =
                    total == free
                    || (load.isFailing && failingUnderWay + failingPlaces >= limits.failingAttemptsMax)
                #expect(!isShort || isFull)
                // Nobody who could have more has two less than another one was given.
                if isShort, !load.isFailing {
                    let most =
                        loads.map { (places[$0.id] ?? 0) > 0 ? $0.underWay + (places[$0.id] ?? 0) : 0 }.max() ?? 0
                    #expect(load.underWay + count >= most - 1)
                }
            }
        }
    }

    @Test("An endpoint is switched off after three days of failures, and time in which nothing was tried isn't one")
    func health() {
        let hour: Int64 = 3_600_000
        var (health, now) = (EndpointHealth(), Int64(1_800_000_000_000))
        func fail(after hours: Int64) -> SwitchOff? {
            now += hours * hour
            health = health.after(.refused(status: 500), at: now)
            return health.switchOff(after: .refused(status: 500))
        }
        #expect(fail(after: 0) == nil)
        for _ in 0..<7 { #expect(fail(after: 10) == nil) }
        #expect(fail(after: 1) == nil && fail(after: 1) == .failing)
        health = health.after(.delivered(status: 200), at: now)
        #expect(health == EndpointHealth())
        for _ in 0..<6 { #expect(fail(after: 1000) == nil) }
        #expect(fail(after: 1000) == .failing)
        #expect(EndpointHealth().switchOff(after: .gone) == .gone)
        #expect(health.after(.notTried, at: now + 1) == health)
    }

    @Test("Who fails is left alone for longer and longer, and who asks for it for an hour at most")
    func pauses() {
        var health = EndpointHealth()
        var pauses: [Int64] = []
        for _ in 0..<11 {
            health = health.after(.late, at: 1000)
            pauses.append(health.pausedUntil - 1000)
        }
        #expect(pauses == [0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
        for (asked, expected) in [(-1, 0), (0, 0), (7, 7000), (3600, 3_600_000), (Int64.max, 3_600_000)]
            as [(Int64, Int64)]
        {
            let outcome = AttemptOutcome.refused(status: 429, retryAfterSeconds: asked)
            #expect(EndpointHealth().after(outcome, at: 0).pausedUntil == expected)
        }
    }

    @Test("A delivery is tried for three days, more and more rarely")
    func schedule() {
        for seed in 1...50 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            var (waits, waited): ([Int64], Int64) = ([], 0)
            while case .again(let wait) = DeliverySchedule.settle(
                .cut, attempts: waits.count, waited: waited, using: &random)
            {
                waits.append(wait)
                waited += wait
            }
            for (wait, step) in zip(waits, [5, 300, 1800, 7200, 18_000, 36_000] as [Int64]) {
                #expect((step * 1000...step * 1100).contains(wait))
            }
            #expect((10...11).contains(waits.count) && (2 * 86_400_000...3 * 86_400_000).contains(waited))
        }
    }
}
