import CRdKafka
import OnsaleBus

extension Clerk.Desk {
    private typealias Place = (topic: String, partition: Int32, offset: Int64)

    /// What nobody has redriven yet, topic by topic, the oldest of each first.
    func letters(limit: Int) throws(BusError) -> [BuriedLetter] {
        let limit = min(limit, configuration.limits.lettersMax)
        var all: [BuriedLetter] = []
        if limit <= 0 { return all }
        for topic in Topic.allCases {
            let count = try partitions(of: topic.dead) ?? 0
            if count > 0 { all += BuriedLetter.oldest(limit, of: try read(topic, partitions: count, limit: limit)) }
        }
        return all
    }

    /// Notes that those before these places have been redriven.
    func note(_ places: [(topic: String, partition: Int32, offset: Int64)]) throws(BusError) {
        try insist("What was redriven can't be noted") { _ in
            Lanes.withList(places) { rd_kafka_commit(client.handle, $0, 0) }
        }
    }

    private func read(_ topic: Topic, partitions: Int32, limit: Int) throws(BusError) -> [[BuriedLetter]] {
        let starts = try starts(topic.dead, partitions)
        var letters = [[BuriedLetter]](repeating: [], count: Int(partitions))
        var open: Set<Int32> = []
        var places: [Place] = []
        for start in starts {
            let ends = try watermarks(topic.dead, start.partition)
            if max(start.offset, ends.low) >= ends.high { continue }
            open.insert(start.partition)
            places.append((start.topic, start.partition, max(start.offset, ends.low)))
        }
        if open.isEmpty { return letters }
        let code = Lanes.withList(places) { rd_kafka_assign(client.handle, $0) }
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw BusError(code, "Dead letters can't be read") }
        defer { rd_kafka_assign(client.handle, nil) }
        while !open.isEmpty {
            guard let event = client.poll(milliseconds: try patience()) else { continue }
            if event.type == RD_KAFKA_EVENT_ERROR, event.code == RD_KAFKA_RESP_ERR__PARTITION_EOF {
                guard let end = rd_kafka_event_topic_partition(event.raw) else { continue }
                open.remove(end.pointee.partition)
                rd_kafka_topic_partition_destroy(end)
            } else if event.type == RD_KAFKA_EVENT_FETCH {
                while let message = rd_kafka_event_message_next(event.raw) {
                    let partition = message.pointee.partition
                    guard open.contains(partition), let letter = BuriedLetter(topic, message) else { continue }
                    letters[Int(partition)].append(letter)
                    if letters[Int(partition)].count >= limit { open.remove(partition) }
                }
            }
        }
        return letters
    }

    private func starts(_ topic: String, _ partitions: Int32) throws(BusError) -> [Place] {
        var code = RD_KAFKA_RESP_ERR_NO_ERROR
        var places: [Place] = []
        try insist("What was redriven can't be asked for") { milliseconds in
            Lanes.withList((0..<partitions).map { (topic, $0, 0) }) { list in
                code = rd_kafka_committed(client.handle, list, milliseconds)
                places = (0..<Int(list.pointee.cnt)).map {
                    (topic, list.pointee.elems[$0].partition, list.pointee.elems[$0].offset)
                }
                return code
            }
        }
        return places
    }
}

extension BuriedLetter {
    fileprivate init?(_ topic: Topic, _ received: UnsafePointer<rd_kafka_message_t>) {
        let message = received.pointee
        if message.err != RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
        self.init(
            letter: DeadLetter(topic, buried: BusMessage(received)), partition: message.partition,
            offset: message.offset, time: rd_kafka_message_timestamp(received, nil))
    }
}
