import OnsaleBus

extension BusRule {
    static let consuming = [
        BusRule("What a member hasn't committed comes again to the next one, and only that") { bus, open in
            try await bus.publish(events(100))
            let first = try await bus.join("g", topics: [.orders])
            var reading = Reading()
            try await reading.go(first, until: 100)
            let (done, rest) = (Reading(deliveries: Array(reading.deliveries[..<40])), reading.deliveries[40...])
            try await first.commit(done.position)
            await first.leave()
            let other = try await open()
            do {
                let second = try await other.join("g", topics: [.orders])
                var again = Reading()
                try await again.go(second, until: rest.count)
                try require(places(again.deliveries) == places(Array(rest)), "something else came again")
                try await again.goOn(second)
                try require(again.deliveries.count == rest.count, "more came again")
            } catch {
                await other.close()
                throw error
            }
            await other.close()
        },
        BusRule("A member takes no more than it asks for, and nothing of lanes that it has paused") { bus, _ in
            try await bus.publish(events(300, keys: 30))
            let member = try await bus.join("g", topics: [.orders])
            var reading = Reading()
            try await reading.go(member, until: 30, limit: 7)
            let paused = Set(reading.deliveries.map(\.lane).prefix(1))
            let before = reading.deliveries.count { paused.contains($0.lane) }
            try await reading.goOn(member, except: paused)
            try require(reading.deliveries.count { paused.contains($0.lane) } == before, "a paused lane went on")
            try await reading.go(member, until: 300, limit: 50)
            try require(byKey(try reading.events()) == byKey(events(300, keys: 30)), "another order")
        },
        BusRule("Groups are apart, and how far each is behind is known") { bus, _ in
            try await bus.publish(events(60))
            let member = try await bus.join("a", topics: [.orders])
            var reading = Reading()
            try await reading.go(member, until: 60)
            let done = Reading(deliveries: Array(reading.deliveries[..<25]))
            try await member.commit(done.position)
            let lag = try await bus.lag(of: ["a": [.orders], "b": [.orders]])
            let sums = Dictionary(grouping: lag, by: \.group).mapValues { $0.reduce(0) { $0 + $1.messages } }
            try require(sums == ["a": 35, "b": 60], "the lag is \(sums)")
        },
    ]

    static func places(_ deliveries: [Delivery]) -> [Lane: [Int64]] {
        Dictionary(grouping: deliveries, by: \.lane).mapValues { $0.map(\.offset) }
    }
}

extension Reading {
    /// Takes whatever comes within some seconds.
    mutating func goOn(_ member: any BusMembership, except paused: Set<Lane> = []) async throws {
        for _ in 0..<4 {
            let update = try await member.next(limit: 1_000, except: paused, wait: .milliseconds(500))
            lost.formUnion(update.lost)
            deliveries.removeAll { update.lost.contains($0.lane) }
            deliveries += update.deliveries
        }
    }
}
