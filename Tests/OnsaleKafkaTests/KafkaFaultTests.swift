import OnsaleBus
import Servers
import Testing

@testable import OnsaleKafka

@Suite(.serialized) struct KafkaFaultTests {
    /// Publishes batches, again and again until each is durable, as whoever keeps a position does.
    private func publish(_ batches: Int, on bus: KafkaBus) async throws -> Int {
        var failures = 0
        for batch in 0..<batches {
            while true {
                do {
                    try await bus.publish(events(batch * 20..<batch * 20 + 20))
                    break
                } catch let error as BusError where error.kind == .unavailable {
                    failures += 1
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return failures
    }

    /// Reads everything and looks that the first of each is in order.
    private func check(_ count: Int, on bus: KafkaBus) async throws -> Int {
        let member = try await bus.join("check", topics: [.orders])
        var seen: Set<String> = []
        var firsts: [String: [CloudEvent]] = [:]
        var all = 0
        let deadline = ContinuousClock.now + .seconds(60)
        var idle = 0
        while idle < 3 || seen.count < count, ContinuousClock.now < deadline {
            let update = try await member.next(limit: 1_000, except: [], wait: .milliseconds(500))
            idle = update.deliveries.isEmpty ? idle + 1 : 0
            for delivery in update.deliveries {
                let event = try CloudEvent(delivery.message)
                all += 1
                if seen.insert(event.identity).inserted { firsts[event.key, default: []].append(event) }
            }
        }
        #expect(firsts == Dictionary(grouping: events(0..<count), by: \.key))
        return all - count
    }

    private func bus(_ kafka: MockKafka, publishMilliseconds: Int64) throws -> KafkaBus {
        var configuration = try kafka.configuration()
        configuration.limits.publishMilliseconds = publishMilliseconds
        return try KafkaBus(configuration, logger: quiet)
    }

    @Test(arguments: [2_500, 30_000] as [Int64])
    func brokersThatStopAndComeBackLoseNothing(patience: Int64) async throws {
        let kafka = try makeKafka(brokers: 3)
        let bus = try bus(kafka, publishMilliseconds: patience)
        let publishing = Task { try await publish(300, on: bus) }
        for _ in 0..<2 {
            try await Task.sleep(for: .milliseconds(1_500))
            try kafka.tell("down -1")
            try await Task.sleep(for: .milliseconds(4_000))
            try kafka.tell("up -1")
        }
        let failures = try await publishing.value
        #expect(failures > 0 || patience > 10_000)
        let repeated = try await check(6_000, on: bus)
        print("patience \(patience) ms: \(failures) failures, \(repeated) repeated")
        await bus.close()
    }

    @Test func lateAnswersAndLeadersThatMoveLoseNothing() async throws {
        let kafka = try makeKafka(brokers: 3)
        let bus = try bus(kafka, publishMilliseconds: 2_500)
        let publishing = Task { try await publish(200, on: bus) }
        for turn in 0..<4 {
            try kafka.tell("late -1 \(turn % 2 == 0 ? 3_000 : 0)")
            for lane in 0..<12 { try kafka.tell("leader \(Topic.orders.rawValue) \(lane) \((lane + turn) % 3 + 1)") }
            try await Task.sleep(for: .milliseconds(3_500))
        }
        try kafka.tell("late -1 0")
        let failures = try await publishing.value
        #expect(failures > 0)
        let repeated = try await check(4_000, on: bus)
        print("late: \(failures) failures, \(repeated) repeated")
        await bus.close()
    }

    @Test(
        "Produce requests that fail lose nothing, be it for now or for good",
        arguments: ["cut 0 5", "fail 0 7 5", "fail 0 19 5", "fail 0 45 1", "fail 0 29 1"])
    func failingRequests(command: String) async throws {
        let kafka = try makeKafka(brokers: 3)
        let bus = try bus(kafka, publishMilliseconds: 5_000)
        try await bus.publish(events(0..<20))
        try kafka.tell(command)
        var kinds: [BusError.Kind] = []
        for _ in 0..<10 {
            do {
                try await bus.publish(events(20..<200))
                break
            } catch let error as BusError {
                kinds.append(error.kind)
            }
        }
        #expect(kinds.count < 10)
        // 29: the topic may not be written to.
        if command.hasPrefix("fail 0 29") { #expect(kinds == [.refused]) }
        _ = try await check(200, on: bus)
        await bus.close()
    }

    @Test func withoutKafkaEverythingFailsInTime() async throws {
        let kafka = try makeKafka()
        var configuration = try kafka.configuration()
        configuration.limits.publishMilliseconds = 2_500
        configuration.limits.answerMilliseconds = 300
        let bus = try KafkaBus(configuration, logger: quiet)
        try await bus.publish(events(0..<1))
        try kafka.tell("down -1")
        let clock = ContinuousClock()
        let time = await clock.measure {
            await #expect(throws: BusError.self) { try await bus.publish(events(1..<2)) }
            await #expect(throws: BusError.self) { try await bus.lag(of: ["g": [.orders]]) }
            await #expect(throws: BusError.self) { try await bus.letters(limit: 1) }
            await bus.close()
        }
        #expect(time < .seconds(8))
    }

    @Test func aTopicThatIsMissingAndCantBeCreatedIsNamed() async throws {
        let kafka = try makeKafka()
        // Nobody knows it; the mock cluster can't create any by request.
        try kafka.tell("spoil \(Topic.orders.rawValue) 3")
        let bus = try kafka.bus()
        do {
            try await bus.publish(events(0..<1))
            Issue.record("it was published")
        } catch let error as BusError {
            #expect(error.description.contains("The topic onsale.orders.v1 doesn't exist and can't be created"))
        }
        await bus.close()
    }

    @Test func aLaneThatIsHaltedGoesOnWithoutGap() async throws {
        let kafka = try makeKafka(lanes: 1)
        var configuration = try kafka.configuration()
        configuration.limits.laneMessagesMax = 100
        let bus = try KafkaBus(configuration, logger: quiet)
        try await bus.publish(events(0..<5_000))
        let member = try await bus.join("g", topics: [.orders])
        var offsets: [Int64] = []
        let deadline = ContinuousClock.now + .seconds(30)
        while offsets.count < 5_000, ContinuousClock.now < deadline {
            offsets += try await member.next(limit: 30, except: [], wait: .seconds(1)).deliveries.map(\.offset)
        }
        #expect(offsets == Array(0..<5_000))
        await bus.close()
    }

    /// Not a benchmark: says what the adapter does here.
    @Test func aRateIsPrinted() async throws {
        let kafka = try makeKafka(brokers: 3)
        let bus = try kafka.bus()
        try await bus.publish(events(0..<100))
        let clock = ContinuousClock()
        let time = try await clock.measure {
            for turn in 0..<20 { try await bus.publish(events(turn * 1_000..<turn * 1_000 + 1_000, keys: 50)) }
        }
        print("20 × 1,000 messages in \(time)")
        await bus.close()
    }
}
