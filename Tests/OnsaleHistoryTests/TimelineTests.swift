import OnsaleValues
import Seeded
import Testing

@testable import OnsaleHistory

/// Where two timelines first differ; nil if they are equal. Comparing them in an expectation would, when it fails, look
/// for the difference for minutes.
func firstDifference(_ left: [Timeline.Point], _ right: [Timeline.Point]) -> String? {
    if left == right { return nil }
    let index = zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    guard let index else { return "\(left.count) points, not \(right.count)" }
    return "point \(index) of \(left.count): \(left[index]), not \(right[index])"
}

@Suite struct TimelineTests {
    /// Every note ever, and the answer by looking at all of them.
    private struct Model {
        var notes: [(at: Timestamp, sample: Sample)] = []

        mutating func note(_ sample: Sample, at: Timestamp) {
            notes.append((max(at, notes.last?.at ?? at), sample))
        }

        func points(from: Timestamp?, to: Timestamp, step: Timeline.Step, now: Timestamp) -> [Timeline.Point] {
            guard let first = notes.first, let last = notes.last else { return [] }
            let length = Int64(step.rawValue) * 1000
            let slot = { (moment: Timestamp) in moment.milliseconds / length }
            let newest = slot(max(now, last.at))
            let oldest = max(slot(first.at), newest - Int64(step.kept) + 1)
            let begin = max(oldest, from.map(slot) ?? oldest)
            let end = min(newest, slot(to))
            guard begin <= end else { return [] }
            var points: [Timeline.Point] = []
            var next = 0
            var state = first.sample
            for step in begin...end {
                while next < notes.count, slot(notes[next].at) <= step {
                    state = notes[next].sample
                    next += 1
                }
                points.append(.init(at: Timestamp(milliseconds: step * length), sample: state))
            }
            return points
        }
    }

    private func sample(_ number: Int) -> Sample {
        var sample = Sample()
        sample.sold = Int32(number)
        sample.gross = Int64(number) * 1000
        return sample
    }

    /// Notes at random, with pauses, jumps of days, and a clock that is set back now and then.
    private func notes(seed: UInt64, count: Int) -> [(at: Timestamp, sample: Sample)] {
        var random = SeededRandom(seed: seed)
        var now: Int64 = 1_800_000_000_000
        return (0..<count).map { _ in
            switch Int.random(in: 0..<60, using: &random) {
            case 0: now += Int64.random(in: 0..<5 * 86_400_000, using: &random)
            case 1: now -= Int64.random(in: 0..<600_000, using: &random)
            case 2...5: now += Int64.random(in: 0..<900_000, using: &random)
            default: now += Int64.random(in: 0..<3000, using: &random)
            }
            return (Timestamp(milliseconds: now), sample(Int.random(in: 0..<6, using: &random)))
        }
    }

    @Test("It says what a list of everything would say", arguments: 1...12 as ClosedRange<UInt64>)
    func matchesModel(seed: UInt64) {
        var random = SeededRandom(seed: seed &+ 1000)
        var timeline = Timeline()
        var model = Model()
        for note in notes(seed: seed, count: 1500) {
            timeline.note(note.sample, at: note.at)
            model.note(note.sample, at: note.at)
            guard Int.random(in: 0..<100, using: &random) == 0 else { continue }
            let now = note.at.adding(seconds: Int.random(in: 0..<7200, using: &random))
            let from = now.adding(seconds: -Int.random(in: 0..<10_000, using: &random))
            let to = now.adding(seconds: Int.random(in: -5000..<100, using: &random))
            for step in Timeline.Step.allCases {
                for (from, to) in [(from, to), (nil, now)] {
                    let points = timeline.points(from: from, to: to, step: step, now: now)
                    let differing = firstDifference(points, model.points(from: from, to: to, step: step, now: now))
                    #expect(differing == nil, "step \(step) after \(model.notes.count) notes")
                }
            }
        }
        #expect(timeline.count <= Timeline.countMax)
    }

    @Test("Cut anywhere, its parts put together are the whole", arguments: 1...20 as ClosedRange<UInt64>)
    func isJoined(seed: UInt64) {
        let notes = notes(seed: seed, count: 1000).reduce(into: [(at: Timestamp, sample: Sample)]()) { notes, note in
            notes.append((max(note.at, notes.last?.at ?? note.at), note.sample))
        }
        let cut = Int.random(in: 0...1000)
        var (whole, past, live) = (Timeline(), Timeline(), Timeline())
        for (index, note) in notes.enumerated() {
            whole.note(note.sample, at: note.at)
            if index < cut { past.note(note.sample, at: note.at) } else { live.note(note.sample, at: note.at) }
        }
        let now = notes[999].at
        for step in Timeline.Step.allCases {
            let points = past.followed(by: live).points(from: nil, to: now, step: step, now: now)
            let differing = firstDifference(points, whole.points(from: nil, to: now, step: step, now: now))
            #expect(differing == nil, "cut at \(cut)")
        }
    }

    @Test("It keeps no more than its steps, however much happens, and gives an hour and 31 days in full")
    func isBounded() {
        var timeline = Timeline()
        var now = Timestamp(milliseconds: 1_800_000_000_000)
        for number in 0..<100_000 {
            now = now.adding(seconds: number % 3 == 0 ? 59 : 1)
            timeline.note(sample(number), at: now)
            if number % 1000 == 0 { #expect(timeline.count <= Timeline.countMax) }
        }
        // A change in every minute of more than 31 days.
        for number in 0..<50_000 {
            now = now.adding(seconds: 60)
            timeline.note(sample(number), at: now)
        }
        #expect(timeline.count <= Timeline.countMax)
        #expect(timeline.points(from: nil, to: now, step: .minute, now: now).count == 44_640)
        #expect(timeline.points(from: nil, to: now, step: .second, now: now).count == 3600)
        #expect(timeline.points(from: nil, to: now, step: .minute, now: now).last?.sample == sample(49_999))
    }

    @Test("A second in which much happens tells how it ended; one in which nothing happens repeats the one before")
    func steps() {
        let start = Timestamp(milliseconds: 1_800_000_000_000)
        var timeline = Timeline()
        #expect(timeline.points(from: nil, to: start, step: .second, now: start).isEmpty)
        timeline.note(sample(1), at: start)
        timeline.note(sample(2), at: Timestamp(milliseconds: start.milliseconds + 999))
        timeline.note(sample(3), at: start.adding(seconds: 3))
        let points = timeline.points(
            from: nil, to: start.adding(seconds: 9), step: .second, now: start.adding(seconds: 4))
        #expect(points.map(\.sample.sold) == [2, 2, 2, 3, 3])
        #expect(points.map(\.at) == (0...4).map { start.adding(seconds: $0) })
    }
}
