import Foundation
import Testing

@testable import OnsaleEngine

@Suite(.timeLimit(.minutes(1))) struct BellTests {
    @Test("A ring ends the wait of another thread, and one that came before isn't lost")
    func rings() async {
        let bell = Bell()
        bell.ring()
        // Would last past the test's limit, both times.
        bell.wait(atMost: 600_000)
        let waiting = Thread { bell.wait(atMost: 600_000) }
        waiting.start()
        while !waiting.isFinished {
            bell.ring()
            await Task.yield()
        }
    }

    @Test("Without a ring the wait ends by itself, again and again")
    func ends() {
        let bell = Bell()
        for milliseconds in [0, 1, 999, 1001] as [Int64] { bell.wait(atMost: milliseconds) }
    }
}
