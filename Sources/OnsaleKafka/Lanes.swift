import CRdKafka
import OnsaleBus

/// Lists of librdkafka's. The topics that it knows and the bus doesn't are passed over.
enum Lanes {
    static func lanes(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> [Lane] {
        guard let list else { return [] }
        return (0..<Int(list.pointee.cnt)).compactMap { index in
            let element = list.pointee.elems[index]
            guard let name = element.topic, let topic = Topic(rawValue: String(cString: name)) else { return nil }
            return Lane(topic, element.partition)
        }
    }

    /// Lends a list of those lanes with those offsets.
    static func withList<Value>(
        _ offsets: [Lane: Int64], _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Value
    ) -> Value {
        withList(offsets.map { ($0.key.topic.rawValue, $0.key.number, $0.value) }, body)
    }

    static func withList<Value>(
        _ places: [(topic: String, partition: Int32, offset: Int64)],
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Value
    ) -> Value {
        guard let list = rd_kafka_topic_partition_list_new(Int32(places.count)) else {
            preconditionFailure("out of memory")
        }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for place in places {
            rd_kafka_topic_partition_list_add(list, place.topic, place.partition).pointee.offset = place.offset
        }
        return body(list)
    }
}
