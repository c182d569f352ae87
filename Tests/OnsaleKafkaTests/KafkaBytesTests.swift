import Foundation
import OnsaleBus
import OnsaleKafka
import OnsaleValues
import Servers
import Testing

/// What others see, and what others may send: kcat is a client of its own.
@Suite(.serialized) struct KafkaBytesTests {
    private struct Seen: Decodable {
        let key: String
        let payload: String
        let headers: [String]?
        let partition: Int32
    }

    @Test func kcatReadsKeysHeadersAndValuesByteForByte() async throws {
        let kafka = try makeKafka()
        let bus = try kafka.bus()
        let event = CloudEvent(
            id: "이벤트/7", type: .ticketsIssued, subject: "order-1", time: Timestamp(milliseconds: 1_800_000_000_123),
            key: "이벤트", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            data: Array(#"{"name":"홍길동 \"A\""}"#.utf8))
        try await bus.publish([event])
        await bus.close()
        let lines = try kafka.messages(in: Topic.tickets.rawValue)
        #expect(lines.count == 1)
        let seen = try JSONDecoder().decode(Seen.self, from: Data(lines.joined().utf8))
        #expect(seen.key == "이벤트" && Array(seen.payload.utf8) == event.data)
        let expected = event.message.headers.flatMap { [$0.name, $0.value] }
        #expect(seen.headers == expected)
        #expect(expected.contains("ce_specversion") && expected.contains("ce_partitionkey"))
    }

    /// Lanes that Java's clients choose, by murmur2 of the key: from the tests of Kafka's own `Utils.murmur2`,
    /// "foobar" is -790332482, without its sign modulo 12.
    @Test func otherClientsPutAKeyIntoTheSameLane() async throws {
        let kafka = try makeKafka()
        let bus = try kafka.bus()
        let message = BusMessage(key: "foobar", headers: [], data: [1])
        try await bus.bury([DeadLetter(topic: .orders, message: message, group: "g", reason: "r")])
        #expect(try await bus.redrive(limit: 1) == 1)
        await bus.close()
        let seen = try JSONDecoder().decode(
            Seen.self, from: Data(try kafka.messages(in: Topic.orders.rawValue).joined().utf8))
        #expect(seen.partition == Int32((-790_332_482 & 0x7fff_ffff) % 12))
    }

    @Test func nothingThatOthersWriteEndsAMember() async throws {
        let kafka = try makeKafka(lanes: 1)
        let topic = Topic.orders.rawValue
        let good = events(0..<1)[0].message
        let headers = good.headers.flatMap { ["-H", "\($0.name)=\($0.value)"] }
        let withoutID = good.headers.filter { $0.name != "ce_id" }.flatMap { ["-H", "\($0.name)=\($0.value)"] }
        let long = String(repeating: "x", count: 100_000)
        try kafka.put("{}", to: topic)
        try kafka.put("{}", to: topic, ["-k", good.key])
        try kafka.put("\(good.key):", to: topic, ["-Z", "-K:"] + headers)
        try kafka.put("{}", to: topic, headers)
        try kafka.put("{}", to: topic, ["-k", good.key] + withoutID)
        try kafka.put("{}", to: topic, ["-k", good.key, "-H", "ce_id"] + withoutID)
        try kafka.put("{}", to: topic, ["-k", good.key, "-H", "ce_id=\(long)"] + withoutID)
        try kafka.put("{}", to: topic, ["-k", good.key, "-H", "ce_id=1"] + headers)
        try kafka.put(long, to: topic, ["-k", good.key])
        try kafka.put("{}", to: topic, ["-k", good.key] + headers)
        let bus = try kafka.bus()
        let member = try await bus.join("g", topics: [.orders])
        var all: [Delivery] = []
        let deadline = ContinuousClock.now + .seconds(20)
        while all.count < 10, ContinuousClock.now < deadline {
            all += try await member.next(limit: 100, except: [], wait: .seconds(1)).deliveries
        }
        #expect(all.map(\.offset) == Array(0..<10))
        let readable = all.filter { (try? CloudEvent($0.message)) != nil }.map(\.offset)
        #expect(readable == [9])
        // What can't be read can be put away and comes back as it was.
        try await bus.bury(
            all.dropLast().map { DeadLetter(topic: .orders, message: $0.message, group: "g", reason: "unreadable") })
        #expect(try await bus.letters(limit: 100).map(\.message) == all.dropLast().map(\.message))
        await bus.close()
    }
}
