import CRdKafka
import Foundation

/// Settings of librdkafka: those that the bus's promises rest on, and those that an operator has given.
enum KafkaSettings {
    static let producer = [
        "enable.idempotence": "true",
        "acks": "all",
        // What Java's clients do; librdkafka's own default puts the same key into another lane.
        "partitioner": "murmur2_random",
        // A message never times out by itself, which would let later ones of its lane pass: the whole producer does.
        "message.timeout.ms": "0",
        "enable.gapless.guarantee": "true",
        "queue.buffering.max.messages": "100000",
        "queue.buffering.max.kbytes": "65536",
    ]

    static let consumer = [
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "allow.auto.create.topics": "false",
        "partition.assignment.strategy": "cooperative-sticky",
        "enable.partition.eof": "false",
    ]

    /// What an operator may set to something else.
    static let defaults = [
        "client.id": "onsale",
        "socket.nagle.disable": "true",
        "reconnect.backoff.max.ms": "2000",
        "topic.metadata.propagation.max.ms": "10000",
    ]

    /// The same, of consumers alone: producers would warn of them.
    static let consumerDefaults = [
        "session.timeout.ms": "10000",
        "queued.min.messages": "2000",
        "queued.max.messages.kbytes": "8192",
        "fetch.max.bytes": "8388608",
    ]

    /// Names that an operator may not set, with their other names.
    static let own = Set(producer.keys).union(consumer.keys).union([
        "bootstrap.servers", "metadata.broker.list", "group.id", "request.required.acks", "delivery.timeout.ms",
        "group.instance.id", "transactional.id", "enabled.events", "log.queue", "auto.commit.enable",
        "test.mock.num.brokers", "opaque", "default.topic.conf",
    ])

    /// - Throws: ``KafkaConfigurationError``.
    static func make(_ settings: [String: String]) throws(KafkaConfigurationError) -> OpaquePointer {
        guard let conf = rd_kafka_conf_new() else { throw KafkaConfigurationError(description: "out of memory") }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            var reason = [CChar](repeating: 0, count: 256)
            let result = rd_kafka_conf_set(conf, name, value, &reason, reason.count)
            guard result != RD_KAFKA_CONF_OK else { continue }
            rd_kafka_conf_destroy(conf)
            let variable = "ONSALE_KAFKA_" + name.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
            // librdkafka's reason may repeat the value, which may be a secret.
            throw KafkaConfigurationError(
                description: result == RD_KAFKA_CONF_UNKNOWN
                    ? "\(variable): librdkafka \(version) knows no setting \(name)"
                    : "\(variable): librdkafka \(version) refuses this value of \(name)")
        }
        return conf
    }

    private static var version: String { rd_kafka_version_str().map { String(cString: $0) } ?? "" }
}
