import OnsaleBus

extension BusRule {
    static let publishing = [
        BusRule("What was published comes, equal in everything, each key's in order") { bus, _ in
            let events = events(200)
            for start in stride(from: 0, to: 200, by: 50) { try await bus.publish(Array(events[start..<start + 50])) }
            let member = try await bus.join("g", topics: [.orders])
            var reading = Reading()
            try await reading.go(member, until: 200)
            try require(byKey(try reading.events()) == byKey(events), "other messages, or another order")
            let lanes = Dictionary(grouping: reading.deliveries, by: \.message.key).mapValues { Set($0.map(\.lane)) }
            try require(lanes.values.allSatisfy { $0.count == 1 }, "a key is in several lanes")
        },
        BusRule("Nothing can be published, and then nothing comes") { bus, _ in
            try await bus.publish([])
            try await bus.bury([])
            let member = try await bus.join("g", topics: [.orders])
            let update = try await member.next(limit: 10, except: [], wait: .milliseconds(300))
            try require(update.deliveries.isEmpty && update.lost.isEmpty, "something came")
        },
        BusRule("Ten thousand are published at once and come in order") { bus, _ in
            let events = events(10_000, keys: 50)
            try await bus.publish(events)
            let member = try await bus.join("g", topics: [.orders])
            var reading = Reading()
            try await reading.go(member, until: 10_000)
            try require(byKey(try reading.events()) == byKey(events), "other messages, or another order")
        },
        BusRule("A closed bus refuses, and whoever waits is told") { bus, _ in
            let member = try await bus.join("g", topics: [.orders])
            async let waiting = kind { _ = try await member.next(limit: 1, except: [], wait: .seconds(60)) }
            try await Task.sleep(for: .milliseconds(200))
            await bus.close()
            try require(await waiting == .closed, "whoever waited wasn't told")
            try require(await kind { try await bus.publish(events(1)) } == .closed, "it was published")
            try require(await kind { _ = try await bus.join("g", topics: [.orders]) } == .closed, "it was joined")
            try require(await kind { _ = try await bus.letters(limit: 1) } == .closed, "letters were read")
        },
        BusRule("A cancelled task waits no longer, and nothing is lost") { bus, _ in
            let member = try await bus.join("g", topics: [.orders])
            let waiting = Task { try await member.next(limit: 1, except: [], wait: .seconds(60)) }
            try await Task.sleep(for: .milliseconds(100))
            waiting.cancel()
            let result = await waiting.result
            try require((try? result.get()) == nil, "it waited on")
            try await bus.publish(events(3))
            var reading = Reading()
            try await reading.go(member, until: 3)
        },
    ]

    /// The kind of error that comes of it, nil if none.
    static func kind(_ body: () async throws -> Void) async -> BusError.Kind? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? BusError)?.kind
        }
    }
}
