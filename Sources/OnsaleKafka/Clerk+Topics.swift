import CRdKafka
import OnsaleBus

extension Clerk.Desk {
    /// How many partitions a topic has, nil if there is no such topic.
    func partitions(of topic: String) throws(BusError) -> Int32? {
        guard let reference = rd_kafka_topic_new(client.handle, topic, nil) else {
            throw BusError(rd_kafka_last_error(), "The topic \(topic) can't be asked about")
        }
        defer { rd_kafka_topic_destroy(reference) }
        while true {
            var answer: UnsafePointer<rd_kafka_metadata>?
            try insist("The topic \(topic) can't be asked about") {
                rd_kafka_metadata(client.handle, 0, reference, &answer, $0)
            }
            defer { rd_kafka_metadata_destroy(answer) }
            guard let found = answer?.pointee, found.topic_cnt == 1 else { return nil }
            let described = found.topics[0]
            switch described.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR where described.partition_cnt > 0: return described.partition_cnt
            case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
                // It is being made.
                _ = try patience()
                _ = client.poll(milliseconds: 50)
            case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return nil
            default: throw BusError(described.err, "The topic \(topic) can't be used")
            }
        }
    }

    /// Creates those that don't exist. Topics of dead letters have one lane, so that the oldest comes first.
    func ensure(_ topics: Set<String>) throws(BusError) {
        for topic in topics.sorted() where try partitions(of: topic) == nil {
            try create(topic, partitions: topic.hasSuffix(".dead") ? 1 : configuration.partitions)
        }
    }

    private func create(_ topic: String, partitions: Int32) throws(BusError) {
        let doing = "The topic \(topic) doesn't exist and can't be created, so somebody else must"
        var reason = [CChar](repeating: 0, count: 256)
        guard let queue = rd_kafka_queue_new(client.handle),
            let wanted = rd_kafka_NewTopic_new(topic, partitions, -1, &reason, reason.count)
        else { throw BusError(.refused, doing) }
        defer {
            rd_kafka_NewTopic_destroy(wanted)
            rd_kafka_queue_destroy(queue)
        }
        let options = rd_kafka_AdminOptions_new(client.handle, RD_KAFKA_ADMIN_OP_CREATETOPICS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let left = Int32(max(1, min(deadline - Monotonic.now(), 60_000)))
        rd_kafka_AdminOptions_set_request_timeout(options, left, &reason, reason.count)
        var list: [OpaquePointer?] = [wanted]
        rd_kafka_CreateTopics(client.handle, &list, 1, options, queue)
        let event = try answer(from: queue, doing)
        if event.code != RD_KAFKA_RESP_ERR_NO_ERROR { throw BusError(event.code, doing) }
        var count = 0
        guard let result = rd_kafka_event_CreateTopics_result(event.raw),
            let topics = rd_kafka_CreateTopics_result_topics(result, &count), count == 1
        else { throw BusError(.unavailable, doing) }
        let code = rd_kafka_topic_result_error(topics[0])
        if code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS {
            throw BusError(code, doing)
        }
    }

    func answer(from queue: OpaquePointer, _ doing: String) throws(BusError) -> KafkaEvent {
        while true {
            do throws(BusError) {
                if let event = KafkaEvent(of: queue, milliseconds: try patience()) { return event }
            } catch {
                throw BusError(error.kind, "\(doing): \(error.description)")
            }
        }
    }
}
