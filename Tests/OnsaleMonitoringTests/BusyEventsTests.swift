import Foundation
import Seeded
import Testing

@testable import OnsaleMonitoring

struct BusyEventsTests {
    /// Remembers everything, and reckons each event's activity anew from all of it.
    private struct Memory {
        private var notes: [String: [(facts: Double, at: Double)]] = [:]

        mutating func note(_ event: String, _ facts: Int, _ now: Double) {
            notes[event, default: []].append((Double(facts), now))
        }

        mutating func forget(_ event: String) { notes[event] = nil }

        /// Halved every ten minutes.
        func activity(_ event: String, _ now: Double) -> Double {
            (notes[event] ?? []).reduce(0) { $0 + $1.facts * pow(0.5, (now - $1.at) / 600) }
        }
    }

    @Test(
        "The busiest fifty have labels, and only one twice as busy takes one away",
        arguments: 1...6 as ClosedRange<UInt64>)
    func followsActivity(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var busy = BusyEvents()
        var memory = Memory()
        var now = 0.0
        var displacements = 0
        for _ in 0..<4000 {
            now += Double.random(in: 0..<4, using: &random)
            if random.happens(0.005) { now += 3600 }
            let event = "e\(Int.random(in: 0..<120, using: &random))"
            if random.happens(0.01) {
                busy.forget(event)
                memory.forget(event)
                #expect(!busy.labelled.contains(event) && busy.label(of: event) == BusyEvents.rest)
                continue
            }
            let before = busy.labelled
            let facts = random.happens(0.1) ? Int.random(in: 0..<60, using: &random) : 1
            let (label, displaced) = busy.note(event, facts: facts, now: now)
            memory.note(event, facts, now)
            let own = memory.activity(event, now)
            let least = before.map { memory.activity($0, now) }.min() ?? 0

            #expect(busy.labelled.count <= BusyEvents.max && label == busy.label(of: event))
            if before.contains(event) || before.count < BusyEvents.max {
                #expect(label == event && displaced == nil && busy.labelled == before.union([event]))
            } else if let displaced {
                displacements += 1
                // The two sums differ by rounding.
                #expect(own > 2 * least && abs(memory.activity(displaced, now) - least) < 1e-6)
                #expect(label == event && busy.labelled == before.subtracting([displaced]).union([event]))
            } else {
                #expect(own <= 2 * least + 1 + 1e-6 && label == BusyEvents.rest && busy.labelled == before)
            }
        }
        #expect(displacements > 20)
    }

    @Test("The same history gives the same labels, whatever has happened elsewhere")
    func isDeterministic() {
        func labels(_ others: Int) -> Set<String> {
            var busy = BusyEvents()
            // A set and a dictionary that have been larger have another order.
            for other in 0..<others { _ = busy.note("x\(other)", facts: 1, now: 0) }
            for other in 0..<others { busy.forget("x\(other)") }
            for number in 100..<200 { _ = busy.note("e\(number)", facts: 1, now: 1) }
            for number in 150..<175 { _ = busy.note("e\(number)", facts: 5, now: 1) }
            return busy.labelled
        }
        let expected = Set((125..<175).map { "e\($0)" })
        #expect([0, 7, 60, 1000].map(labels) == [expected, expected, expected, expected])
    }

    @Test("Who was busy long ago gives way to who is busy now")
    func decays() {
        var busy = BusyEvents()
        for number in 0..<BusyEvents.max { _ = busy.note("old\(number)", facts: 1_000, now: 0) }
        #expect(busy.note("new", facts: 10, now: 0) == ("_other", nil))
        // A thousand halve to less than two in ten half-lives.
        let (label, displaced) = busy.note("new", facts: 10, now: 6_000)
        #expect(label == "new" && displaced == "old0")
    }

    @Test("A clock that goes back changes no score")
    func clockBack() {
        var busy = BusyEvents()
        for number in 0..<BusyEvents.max { _ = busy.note("e\(number)", facts: 100, now: 1_000_000) }
        for _ in 0..<5 { #expect(busy.note("new", facts: 40, now: 0).label == "_other") }
        #expect(busy.note("new", facts: 2, now: 0).label == "new")
    }
}
