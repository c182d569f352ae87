import CRdKafka
import OnsaleBus

extension Clerk.Desk {
    /// How far groups are behind. Topics that don't exist are left out.
    func lag(of groups: [String: [Topic]]) throws(BusError) -> [BusLag] {
        var ends: [Lane: (low: Int64, high: Int64)] = [:]
        for topic in Set(groups.values.joined()).sorted() {
            for number in 0..<(try partitions(of: topic.rawValue) ?? 0) {
                ends[Lane(topic, number)] = try watermarks(topic.rawValue, number)
            }
        }
        var all: [BusLag] = []
        for (group, topics) in groups.sorted(by: { $0.key < $1.key }) {
            let lanes = ends.keys.filter { topics.contains($0.topic) }.sorted()
            let committed = try committed(by: group, lanes)
            for lane in lanes {
                guard let (low, high) = ends[lane] else { continue }
                all.append(BusLag(group: group, lane: lane, messages: max(0, high - max(low, committed[lane] ?? low))))
            }
        }
        return all
    }

    func watermarks(_ topic: String, _ partition: Int32) throws(BusError) -> (low: Int64, high: Int64) {
        var ends: (low: Int64, high: Int64) = (0, 0)
        try insist("The ends of \(topic)/\(partition) can't be asked for") {
            rd_kafka_query_watermark_offsets(client.handle, topic, partition, &ends.low, &ends.high, $0)
        }
        return ends
    }

    private func committed(by group: String, _ lanes: [Lane]) throws(BusError) -> [Lane: Int64] {
        if lanes.isEmpty { return [:] }
        let doing = "The position of \(group) can't be asked for"
        guard let queue = rd_kafka_queue_new(client.handle) else { throw BusError(.unavailable, doing) }
        defer { rd_kafka_queue_destroy(queue) }
        let wanted = Lanes.withList(lanes.map { ($0.topic.rawValue, $0.number, 0) }) {
            rd_kafka_ListConsumerGroupOffsets_new(group, $0)
        }
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(wanted) }
        var list: [OpaquePointer?] = [wanted]
        rd_kafka_ListConsumerGroupOffsets(client.handle, &list, 1, nil, queue)
        let event = try answer(from: queue, doing)
        if event.code != RD_KAFKA_RESP_ERR_NO_ERROR { throw BusError(event.code, doing) }
        var count = 0
        guard let result = rd_kafka_event_ListConsumerGroupOffsets_result(event.raw),
            let found = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count), count == 1
        else { throw BusError(.unavailable, doing) }
        if let error = rd_kafka_group_result_error(found[0]) { throw BusError(rd_kafka_error_code(error), doing) }
        guard let places = rd_kafka_group_result_partitions(found[0]) else { return [:] }
        var offsets: [Lane: Int64] = [:]
        for index in 0..<Int(places.pointee.cnt) {
            let place = places.pointee.elems[index]
            guard place.offset >= 0, let topic = Topic(rawValue: String(cString: place.topic)) else { continue }
            offsets[Lane(topic, place.partition)] = place.offset
        }
        return offsets
    }
}
