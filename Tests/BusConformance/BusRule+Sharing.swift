import OnsaleBus

extension BusRule {
    static let sharing = [
        BusRule("Two members divide the lanes, and neither has a message that the other has") { bus, open in
            try await bus.publish(events(100, keys: 40))
            let first = try await bus.join("g", topics: [.orders])
            var one = Reading()
            try await one.go(first, until: 100)
            try await first.commit(one.position)
            let other = try await open()
            do {
                let second = try await other.join("g", topics: [.orders])
                try await waitForLoss(first, &one)
                try await bus.publish(events(400, keys: 40, from: 100))
                var (mine, yours) = (Reading(), Reading())
                let deadline = ContinuousClock.now + .seconds(30)
                while mine.deliveries.count + yours.deliveries.count < 400, ContinuousClock.now < deadline {
                    try await mine.take(first)
                    try await yours.take(second)
                }
                try require(!mine.deliveries.isEmpty && !yours.deliveries.isEmpty, "one member has all")
                let shared = Set(mine.deliveries.map(\.lane)).intersection(yours.deliveries.map(\.lane))
                try require(shared.isEmpty, "both have \(shared.sorted())")
                let all = byKey(try mine.events() + yours.events())
                try require(all == byKey(events(400, keys: 40, from: 100)), "other messages, or another order")
            } catch {
                await other.close()
                throw error
            }
            await other.close()
        },
        BusRule("What a member commits of lanes that it has lost has no effect") { bus, open in
            try await bus.publish(events(100, keys: 40))
            let first = try await bus.join("g", topics: [.orders])
            var one = Reading()
            try await one.go(first, until: 100)
            let all = one
            let other = try await open()
            do {
                let second = try await other.join("g", topics: [.orders])
                try await waitForLoss(first, &one)
                try await first.commit(all.position)
                // Some may have come back to it by now; those that the other one has it has from their beginning.
                let expected = places(all.deliveries.filter { one.lost.contains($0.lane) })
                var yours = Reading()
                let deadline = ContinuousClock.now + .seconds(30)
                while true {
                    let come = places(yours.deliveries.filter { one.lost.contains($0.lane) })
                    if !come.isEmpty, come.allSatisfy({ expected[$0.key] == $0.value }) { break }
                    try require(ContinuousClock.now < deadline, "a stale commit had an effect: \(come)")
                    try await yours.take(second)
                }
            } catch {
                await other.close()
                throw error
            }
            await other.close()
        },
    ]

    /// Waits until a member hears that it has lost lanes.
    private static func waitForLoss(_ member: any BusMembership, _ reading: inout Reading) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while reading.lost.isEmpty {
            try require(ContinuousClock.now < deadline, "nobody took a lane over")
            try await reading.take(member)
        }
    }
}

extension Reading {
    mutating func take(_ member: any BusMembership) async throws {
        let update = try await member.next(limit: 1_000, except: [], wait: .milliseconds(100))
        lost.formUnion(update.lost)
        deliveries.removeAll { update.lost.contains($0.lane) }
        deliveries += update.deliveries
    }
}
