import CRdKafka
import Logging
import OnsaleBus

/// One instance of librdkafka and the queue that all it has to say comes through. It belongs to the thread that made it;
/// a class because it frees what librdkafka has allocated.
final class KafkaClient {
    enum Kind {
        case producer
        case consumer(group: String)
    }

    let handle: OpaquePointer
    let queue: OpaquePointer
    private let logger: Logger

    /// Starts to connect.
    /// - Parameter bell: rung when there is something in the queue.
    init(
        _ kind: Kind, _ configuration: KafkaConfiguration, more: [String: String] = [:], bell: Bell? = nil,
        logger: Logger
    ) throws(BusError) {
        self.logger = logger
        var settings = KafkaSettings.defaults
        if case .consumer = kind { settings.merge(KafkaSettings.consumerDefaults) { $1 } }
        settings.merge(configuration.settings) { $1 }
        settings["bootstrap.servers"] = configuration.brokers
        settings["log.queue"] = "true"
        let type: rd_kafka_type_t
        switch kind {
        case .producer:
            type = RD_KAFKA_PRODUCER
            settings.merge(KafkaSettings.producer) { $1 }
        case .consumer(let group):
            type = RD_KAFKA_CONSUMER
            settings.merge(KafkaSettings.consumer) { $1 }
            settings["group.id"] = group
        }
        settings.merge(more) { $1 }
        let conf: OpaquePointer
        do { conf = try KafkaSettings.make(settings) } catch { throw BusError(.refused, "\(error)") }
        rd_kafka_conf_set_events(conf, KafkaClient.events)
        var reason = [CChar](repeating: 0, count: 512)
        guard let handle = rd_kafka_new(type, conf, &reason, reason.count) else {
            rd_kafka_conf_destroy(conf)
            throw BusError(.refused, "librdkafka can't begin: \(KafkaClient.text(reason))")
        }
        if case .consumer = kind { rd_kafka_poll_set_consumer(handle) }
        let isConsumer = type == RD_KAFKA_CONSUMER
        let own = isConsumer ? rd_kafka_queue_get_consumer(handle) : rd_kafka_queue_get_main(handle)
        guard let queue = own else {
            rd_kafka_destroy(handle)
            throw BusError(.unavailable, "librdkafka has no queue")
        }
        self.handle = handle
        self.queue = queue
        rd_kafka_set_log_queue(handle, queue)
        if let bell {
            var byte: UInt8 = 1
            rd_kafka_queue_io_event_enable(queue, bell.handle, &byte, 1)
        }
    }

    private static let events =
        RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_ERROR
        | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT

    deinit {
        rd_kafka_queue_io_event_enable(queue, -1, nil, 0)
        rd_kafka_queue_destroy(queue)
        rd_kafka_destroy_flags(handle, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
    }

    /// The next thing that librdkafka says and that isn't for the log.
    func poll(milliseconds: Int32 = 0) -> KafkaEvent? {
        while let event = KafkaEvent(of: queue, milliseconds: milliseconds) {
            guard event.type == RD_KAFKA_EVENT_LOG else { return event }
            log(event)
        }
        return nil
    }

    /// Joins its group for these topics.
    func subscribe(to topics: [String]) throws(BusError) {
        let code = Lanes.withList(topics.map { ($0, -1, 0) }) { rd_kafka_subscribe(handle, $0) }
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw BusError(code, "The topics can't be listened to") }
    }

    /// Why it can do nothing any more, if that is so.
    var fatal: BusError? {
        var reason = [CChar](repeating: 0, count: 512)
        let code = rd_kafka_fatal_error(handle, &reason, reason.count)
        if code == RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
        return BusError(.unavailable, "librdkafka has given up: \(KafkaClient.text(reason))")
    }

    private func log(_ event: borrowing KafkaEvent) {
        var facility: UnsafePointer<CChar>?
        var line: UnsafePointer<CChar>?
        var level: Int32 = 0
        guard rd_kafka_event_log(event.raw, &facility, &line, &level) == 0, let facility, let line else { return }
        let severity: Logger.Level =
            switch level {
            case ...3: .error
            case 4, 5: .warning
            case 6: .info
            default: .debug
            }
        logger.log(
            level: severity, "librdkafka says something",
            metadata: ["facility": "\(String(cString: facility))", "text": "\(String(cString: line))"])
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Something that librdkafka says. Destroyed with the value.
struct KafkaEvent: ~Copyable {
    let raw: OpaquePointer

    init?(of queue: OpaquePointer, milliseconds: Int32) {
        guard let raw = rd_kafka_queue_poll(queue, milliseconds) else { return nil }
        self.raw = raw
    }

    deinit { rd_kafka_event_destroy(raw) }

    var type: Int32 { Int32(rd_kafka_event_type(raw)) }

    var code: rd_kafka_resp_err_t { rd_kafka_event_error(raw) }

    /// The number that a request was sent with.
    var number: UInt { UInt(bitPattern: rd_kafka_event_opaque(raw)) }
}
