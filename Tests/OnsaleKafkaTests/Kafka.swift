import Logging
import OnsaleBus
import OnsaleKafka
import OnsaleValues
import Servers

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A cluster with the bus's topics.
func makeKafka(brokers: Int = 1, lanes: Int = 12) throws -> MockKafka {
    let kafka = try MockKafka(brokers: brokers)
    for topic in Topic.allCases {
        try kafka.tell("topic \(topic.rawValue) \(lanes)")
        try kafka.tell("topic \(topic.dead) 1")
    }
    return kafka
}

extension MockKafka {
    func configuration(_ settings: [String: String] = [:]) throws -> KafkaConfiguration {
        guard
            let configuration = try KafkaConfiguration(
                environment: settings.merging(["ONSALE_KAFKA_BROKERS": brokers]) { $1 })
        else { throw BusError(.refused, "there is no configuration") }
        return configuration
    }

    func bus() throws -> KafkaBus { try KafkaBus(try configuration(), logger: quiet) }
}

func events(_ numbers: Range<Int>, keys: Int = 5) -> [CloudEvent] {
    numbers.map { number in
        CloudEvent(
            id: "event-\(number % keys)/\(number)", type: .orderConfirmed, subject: "order-\(number)",
            time: Timestamp(milliseconds: Int64(number)), key: "event-\(number % keys)", data: Array("{}".utf8))
    }
}
