import CRdKafka
import Logging
import OnsaleBus

/// What the producer's thread does: hand over, poll, answer, and again.
///
/// When a message fails or a batch is late, the instance of librdkafka is replaced: whatever it still held would come
/// after what is published again, and out of order.
struct ProducerLoop {
    private static let pauseMilliseconds: Int64 = 1_000
    private static let eventsMax = 10_000
    private static let causeMilliseconds: Int64 = 100

    private let configuration: KafkaConfiguration
    private let worker: Worker<KafkaProducer.Job>
    private let logger: Logger
    private var client: KafkaClient?
    private var outbox = Outbox()
    /// Whether librdkafka's queue was full.
    private var isFull = false

    init(
        _ configuration: KafkaConfiguration, _ worker: Worker<KafkaProducer.Job>, logger: Logger
    ) {
        self.configuration = configuration
        self.worker = worker
        self.logger = logger
    }

    mutating func run() {
        while !worker.isStopping {
            for job in worker.take() {
                outbox.add(job.parcels, bytes: job.bytes, deadline: job.deadline, answer: job.answer)
            }
            turn()
            let idle = Monotonic.now() + ProducerLoop.pauseMilliseconds
            worker.bell.wait(until: min(idle, outbox.deadline ?? idle, isFull ? Monotonic.now() + 10 : idle))
        }
        give(outbox.failAll(BusError.isClosed))
        purge()
        client = nil
    }

    private mutating func turn() {
        do throws(BusError) {
            let client = try running()
            try handOver(to: client)
            try listen(to: client)
            if let deadline = outbox.deadline, deadline <= Monotonic.now() {
                throw BusError(.unavailable, "Kafka did not confirm in time")
            }
        } catch {
            replace(error)
        }
    }

    private mutating func running() throws(BusError) -> KafkaClient {
        if let client { return client }
        let client = try KafkaClient(.producer, configuration, bell: worker.bell, logger: logger)
        self.client = client
        return client
    }

    private mutating func replace(_ error: BusError) {
        logger.warning("A producer of Kafka's is replaced", metadata: ["reason": "\(error.description)"])
        give(outbox.failAll(error))
        purge()
        client = nil
        isFull = false
    }

    private func purge() {
        guard let client else { return }
        _ = rd_kafka_purge(client.handle, Int32(RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT))
    }

    private func give(_ outcomes: [Outbox.Outcome]) {
        for outcome in outcomes {
            worker.release(outcome.bytes)
            outcome.answer.fulfil(outcome.result)
        }
    }

    // MARK: Handing over

    private mutating func handOver(to client: KafkaClient) throws(BusError) {
        isFull = false
        while true {
            if outbox.isNextSettled {
                give([outbox.refuseNext(CancellationError())].compactMap(\.self))
                continue
            }
            guard let (batch, parcel) = outbox.next else { return }
            let code = parcel.produce(with: client.handle, batch: batch)
            switch code {
            case RD_KAFKA_RESP_ERR_NO_ERROR: outbox.handOver()
            case RD_KAFKA_RESP_ERR__QUEUE_FULL:
                isFull = true
                return
            case RD_KAFKA_RESP_ERR__FATAL:
                throw cause(of: client.fatal ?? BusError(code, "A message wasn't taken"), client)
            default:
                let error = BusError(code, "A message for \(parcel.topic) wasn't taken")
                give([outbox.refuseNext(error)].compactMap(\.self))
            }
        }
    }

    // MARK: Listening

    private mutating func listen(to client: KafkaClient) throws(BusError) {
        for _ in 0..<ProducerLoop.eventsMax {
            guard let event = client.poll() else { return }
            try hear(event, from: client)
        }
        worker.bell.ring()
    }

    private mutating func hear(_ event: borrowing KafkaEvent, from client: KafkaClient) throws(BusError) {
        switch event.type {
        case RD_KAFKA_EVENT_DR: try confirm(event)
        case RD_KAFKA_EVENT_ERROR:
            if let fatal = client.fatal { throw cause(of: fatal, client) }
            logger.warning("Kafka is not well", metadata: ["reason": "\(BusError.text(event.code))"])
        default: break
        }
    }

    /// A message that was refused says more than the end of it all, which may be told before.
    private mutating func cause(of fatal: BusError, _ client: KafkaClient) -> BusError {
        let deadline = Monotonic.now() + ProducerLoop.causeMilliseconds
        while Monotonic.now() < deadline {
            guard let event = client.poll(milliseconds: 10), event.type == RD_KAFKA_EVENT_DR else { continue }
            do throws(BusError) { try confirm(event) } catch  where error.kind == .refused { return error } catch {}
        }
        return fatal
    }

    private mutating func confirm(_ event: borrowing KafkaEvent) throws(BusError) {
        var failure: BusError?
        while let message = rd_kafka_event_message_next(event.raw) {
            let code = message.pointee.err
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                give([outbox.confirm(UInt(bitPattern: message.pointee._private))].compactMap(\.self))
            } else if failure == nil || BusError.isForGood(code) {
                failure = BusError(code, "A message wasn't published")
            }
        }
        if let failure { throw failure }
    }
}

extension Parcel {
    /// Gives it to librdkafka, which copies it.
    fileprivate func produce(with handle: OpaquePointer, batch: UInt) -> rd_kafka_resp_err_t {
        WireText.withBytes(message.key) { key, keyLength in
            WireText.withPointer(message.data) { data, length in
                topic.withCString { topic in
                    let headers = message.makeHeaders()
                    var values = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 6)
                    values[0].vtype = RD_KAFKA_VTYPE_TOPIC
                    values[0].u.cstr = topic
                    values[1].vtype = RD_KAFKA_VTYPE_KEY
                    values[1].u.mem.ptr = UnsafeMutableRawPointer(mutating: key)
                    values[1].u.mem.size = keyLength
                    values[2].vtype = RD_KAFKA_VTYPE_VALUE
                    values[2].u.mem.ptr = UnsafeMutableRawPointer(mutating: data)
                    values[2].u.mem.size = length
                    values[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                    values[3].u.i = RD_KAFKA_MSG_F_COPY
                    values[4].vtype = RD_KAFKA_VTYPE_HEADERS
                    values[4].u.headers = headers
                    values[5].vtype = RD_KAFKA_VTYPE_OPAQUE
                    values[5].u.ptr = UnsafeMutableRawPointer(bitPattern: batch)
                    guard let error = rd_kafka_produceva(handle, values, values.count) else {
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    }
                    defer { rd_kafka_error_destroy(error) }
                    // Those that weren't taken are ours still.
                    if let headers { rd_kafka_headers_destroy(headers) }
                    return rd_kafka_error_code(error)
                }
            }
        }
    }
}
