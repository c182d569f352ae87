import Foundation
import OnsaleValues
import Testing

@testable import OnsaleWaitingRoom

@Suite struct LineTests {
    @Test("Random histories: never over the cap, nobody ahead of a smaller number that is there, no number twice")
    func randomHistories() {
        let seeds = ProcessInfo.processInfo.environment["ONSALE_LINE_SEEDS"].flatMap(UInt64.init) ?? 10_000
        for seed in 0..<seeds {
            var history = LineHistory(seed: seed)
            history.run()
            #expect(history.faults.isEmpty, "seed \(seed): \(history.faults.joined(separator: "; "))")
            if !history.faults.isEmpty { return }
        }
    }
}
