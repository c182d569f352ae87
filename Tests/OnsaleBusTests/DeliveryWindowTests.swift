import OnsaleBus
import Seeded
import Testing

@Suite("A lane's messages on their way through a consumer")
struct DeliveryWindowTests {
    private static let patience = DeliveryWindow.Patience(
        attemptsMax: 3, firstMilliseconds: 100, longestMilliseconds: 150)

    private func window(_ keys: [String], capacity: Int = 100) -> DeliveryWindow {
        var window = DeliveryWindow(capacity: capacity, patience: DeliveryWindowTests.patience)
        for (offset, key) in keys.enumerated() { _ = window.add(offset: Int64(offset), key: key) }
        return window
    }

    @Test("A message that fails holds up its key and no other")
    func keyWaits() {
        var window = window(["a", "b", "a", "b"])
        #expect(take(&window, 2) == [0, 1])
        #expect(fail(&window, 0, at: 0) == .again(at: 100))
        finish(&window, 1)
        #expect(take(&window, at: 99) == [3], "b goes on, a waits")
        #expect(take(&window, at: 100) == [0, 2], "in its order")
    }

    @Test("Pauses double up to the longest; after the last attempt a message is given up, and its key goes on")
    func givesUp() {
        var window = window(["a", "a"])
        #expect(take(&window, 1) == [0])
        #expect(fail(&window, 0, at: 0) == .again(at: 100))
        #expect(window.nextMoment() == 100, "the other one of its key only waits for its turn")
        #expect(take(&window, at: 100) == [0, 1])
        window.putBack(1)
        #expect(fail(&window, 0, at: 100) == .again(at: 250))
        #expect(take(&window, 1, at: 250) == [0])
        #expect(fail(&window, 0, at: 250) == .giveUp)
        #expect(take(&window, at: 9999) == [], "it must be put away first")
        finish(&window, 0)
        #expect(take(&window, at: 9999) == [1])
    }

    @Test("A lane is done as far as everything before is done")
    func progress() {
        var window = window(["a", "b", "c"])
        #expect(progress(&window) == nil)
        _ = take(&window)
        finish(&window, 1)
        #expect(progress(&window) == nil)
        finish(&window, 0)
        #expect(progress(&window) == 2)
        #expect(progress(&window) == nil)
        finish(&window, 2)
        #expect(progress(&window) == 3)
        #expect(window.count == 0)
    }

    @Test("What comes out of turn, or without room, isn't taken in")
    func outOfTurn() {
        var window = window(["a", "b"], capacity: 3)
        func add(_ offset: Int64) -> Bool { window.add(offset: offset, key: "x") }
        #expect(!add(1))
        #expect(add(7), "lanes have gaps")
        #expect(!add(8) && window.isFull)
        _ = take(&window)
        for offset in [0, 1, 7] { finish(&window, Int64(offset)) }
        #expect(!add(7), "done already")
        #expect(add(8))
    }

    @Test("Against a simple model, on random histories", arguments: 0..<200)
    func model(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var window = DeliveryWindow(capacity: 20, patience: DeliveryWindowTests.patience)
        // What the model knows: every message's key, attempts and end.
        var keys: [String] = []
        var attempts: [Int64: Int] = [:]
        var open: Set<Int64> = []
        var ended: Set<Int64> = []
        var pausedUntil: [Int64: Int64] = [:]
        var endedOfKey: [String: Int64] = [:]
        var committed: Int64 = 0
        var now: Int64 = 0
        func end(_ offset: Int64) {
            window.finish(offset)
            open.remove(offset)
            ended.insert(offset)
            let key = keys[Int(offset)]
            #expect(endedOfKey[key] ?? -1 < offset, "a key ends in order")
            endedOfKey[key] = offset
        }
        for _ in 0..<400 {
            now += Int64.random(in: 0...60, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let key = "k\(Int.random(in: 0..<4, using: &random))"
                let wasFull = window.isFull
                let isTaken = window.add(offset: Int64(keys.count), key: key)
                #expect(isTaken != wasFull)
                if isTaken { keys.append(key) }
            case 1:
                for offset in window.take(limit: Int.random(in: 1...5, using: &random), at: now) {
                    let key = keys[Int(offset)]
                    let before = (0..<offset).filter { keys[Int($0)] == key && !ended.contains($0) }
                    #expect(before.allSatisfy { open.contains($0) }, "whatever comes before is under way")
                    #expect(open.insert(offset).inserted)
                    #expect(pausedUntil[offset] ?? .min <= now)
                }
            case 2:
                // A consumer handles what it took in order; what comes after a failure of its key goes back.
                guard let offset = open.min() else { break }
                guard random.happens(0.4) else {
                    end(offset)
                    break
                }
                for later in open where later != offset && keys[Int(later)] == keys[Int(offset)] {
                    window.putBack(later)
                    open.remove(later)
                }
                attempts[offset, default: 0] += 1
                switch window.fail(offset, at: now) {
                case .again(let moment):
                    #expect(attempts[offset] ?? 0 < 3 && moment > now)
                    pausedUntil[offset] = moment
                    open.remove(offset)
                case .giveUp:
                    #expect(attempts[offset] == 3)
                    end(offset)
                }
            default:
                let reached = (0...Int64(keys.count)).first { !ended.contains($0) } ?? 0
                let told = window.takeProgress()
                #expect(told == (reached == committed ? nil : reached))
                committed = reached
            }
        }
        // In the end everything ends.
        for offset in open.sorted() { window.putBack(offset) }
        open = []
        while window.count > 0 {
            now += 1000
            for offset in window.take(limit: 100, at: now) { end(offset) }
        }
        #expect(ended.count == keys.count)
    }

    // `#expect` takes no calls that change something.
    private func take(_ window: inout DeliveryWindow, _ limit: Int = 100, at now: Int64 = 0) -> [Int64] {
        window.take(limit: limit, at: now)
    }

    private func fail(_ window: inout DeliveryWindow, _ offset: Int64, at now: Int64) -> DeliveryWindow.Verdict {
        window.fail(offset, at: now)
    }

    private func finish(_ window: inout DeliveryWindow, _ offset: Int64) { window.finish(offset) }
    private func progress(_ window: inout DeliveryWindow) -> Int64? { window.takeProgress() }
}
