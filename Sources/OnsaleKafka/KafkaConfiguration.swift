/// Which Kafka, and how it is reached.
public struct KafkaConfiguration: Sendable, CustomStringConvertible {
    /// `host:port,…`
    let brokers: String
    /// librdkafka's own settings, by name; among them secrets.
    let settings: [String: String]
    /// How many lanes a topic gets that doesn't exist yet.
    let partitions: Int32
    /// What the rest may use. Tests make it smaller.
    package var limits = KafkaLimits()

    /// Without any setting's value.
    public var description: String {
        let names = settings.keys.sorted().joined(separator: ", ")
        return names.isEmpty ? "Kafka at \(brokers)" : "Kafka at \(brokers) with \(names)"
    }
}

/// Bounds on what Kafka, or its absence, could make large or long.
package struct KafkaLimits: Sendable {
    /// After so long a publication fails, and so does whatever else was under way by then.
    package var publishMilliseconds: Int64 = 30_000
    /// After so long any other question fails.
    package var answerMilliseconds: Int64 = 10_000
    /// How long a member that leaves waits for Kafka to know.
    package var leaveMilliseconds: Int64 = 5_000
    /// How many bytes may be on their way to Kafka.
    package var unsentBytesMax = 64 << 20
    /// How much of a lane a member keeps ready before it stops to fetch more.
    package var laneMessagesMax = 2_000
    package var laneBytesMax = 2 << 20
    /// The most dead letters that are read at once, of each lane.
    package var lettersMax = 10_000

    package init() {}
}

/// What is wrong with the configuration, in words for whoever wrote it, without repeating a value.
public struct KafkaConfigurationError: Error, Hashable, CustomStringConvertible {
    public let description: String
}
