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

    @Test("A simulated million people, of whom three in ten leave: whoever stays is admitted, and estimates hold")
    func simulatedMillion() {
        var simulation = LineSimulation(people: 1_000_000, cap: 20_000, seed: 1)
        let result = simulation.run()
        print(
            "simulated line: \(result.admitted) admitted in \(result.seconds) s; estimates' error:",
            "median \(result.error(percentile: 50)), p95 \(result.error(percentile: 95)) of \(result.errors.count)")
        #expect(result.forgotten == 0)
        #expect(result.admitted >= 700_000)
        #expect(result.error(percentile: 50) <= 0.10)
        #expect(result.error(percentile: 95) <= 0.25)
    }
}
