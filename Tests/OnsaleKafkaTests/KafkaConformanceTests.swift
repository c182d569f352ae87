import BusConformance
import Servers
import Testing

@Suite(.serialized) struct KafkaConformanceTests {
    @Test("The port's rules hold on Kafka", arguments: BusRule.all)
    func keeps(rule: BusRule) async throws {
        let kafka = try makeKafka()
        try await rule.check { try kafka.bus() }
    }
}
