import Testing

/// Nodes that share a journal, with everything going wrong that may; `make simulate` runs many more seeds.
@Suite(.timeLimit(.minutes(10))) struct SimulationTests {
    @Test(
        "Whatever fails, no rule is broken, no answer lost, and every event soon sells again",
        arguments: 1...40 as ClosedRange<UInt64>)
    func holds(seed: UInt64) async throws {
        let world = World(seed: seed)
        try await world.run()
        #expect(world.findings.isEmpty, "seed \(seed): \(world.findings.prefix(5))")
    }
}
