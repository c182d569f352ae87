import CRdKafka
import Logging
import OnsaleBus

/// What a member's thread does: poll, give up and take over lanes, deliver, commit, and again.
struct MembershipLoop {
    private static let pauseMilliseconds: Int64 = 500
    private static let eventsMax = 5_000

    private struct Wish {
        let limit: Int
        let paused: Set<Lane>
        let deadline: Int64
        let answer: Promise<BusUpdate>
    }

    private let client: KafkaClient
    private let limits: KafkaLimits
    private let worker: Worker<KafkaMembership.Job>
    private let logger: Logger
    private var intake: Intake
    private var commits: Commits
    private var wish: Wish?
    /// What the next one to ask is told.
    private var failure: BusError?

    init(_ client: KafkaClient, _ limits: KafkaLimits, _ worker: Worker<KafkaMembership.Job>, logger: Logger) {
        self.client = client
        self.limits = limits
        self.worker = worker
        self.logger = logger
        intake = Intake(messagesMax: limits.laneMessagesMax, bytesMax: limits.laneBytesMax)
        commits = Commits()
    }

    mutating func run() {
        while !worker.isStopping {
            for job in worker.take() {
                worker.release(1)
                take(job)
            }
            listen()
            commits.sendDue(to: client, held: intake.lanes.subtracting(intake.lost))
            flow()
            deliver()
            let idle = Monotonic.now() + MembershipLoop.pauseMilliseconds
            worker.bell.wait(until: min(idle, wish?.deadline ?? idle, commits.due ?? idle))
        }
        wish?.answer.fulfil(.failure(BusError.isClosed))
        commits.failAll(BusError.isClosed)
        leave()
    }

    private mutating func take(_ job: KafkaMembership.Job) {
        switch job {
        case .next(let limit, let paused, let deadline, let answer):
            if let wish, !wish.answer.isSettled {
                answer.fulfil(.failure(BusError(.refused, "somebody else waits for this member's next messages")))
            } else {
                wish = Wish(limit: limit, paused: paused, deadline: deadline, answer: answer)
            }
        case .commit(let offsets, let deadline, let answer): commits.add(offsets, deadline: deadline, answer: answer)
        }
    }

    private mutating func deliver() {
        guard let wish else { return }
        if wish.answer.isSettled {
            self.wish = nil
        } else if intake.hasNews(except: wish.paused) || failure != nil || wish.deadline <= Monotonic.now() {
            self.wish = nil
            // Once claimed the task takes it, even if it is cancelled at this moment: nothing that was taken is lost.
            guard wish.answer.claim() else { return }
            if let failure, !intake.hasNews(except: wish.paused) {
                self.failure = nil
                wish.answer.answer(.failure(failure))
            } else {
                wish.answer.answer(.success(intake.take(limit: wish.limit, except: wish.paused)))
                flow()
            }
        }
    }

    private mutating func flow() {
        let flow = intake.flow()
        if !flow.halted.isEmpty {
            let offsets = Dictionary(uniqueKeysWithValues: flow.halted.map { ($0, Int64(0)) })
            _ = Lanes.withList(offsets) { rd_kafka_pause_partitions(client.handle, $0) }
        }
        if !flow.resumed.isEmpty {
            Lanes.withList(flow.resumed) { list in
                // What was fetched when it was halted may be gone, so it goes on where this one stands.
                if let error = rd_kafka_seek_partitions(client.handle, list, 0) { rd_kafka_error_destroy(error) }
                _ = rd_kafka_resume_partitions(client.handle, list)
            }
        }
    }

    // MARK: Listening

    private mutating func listen() {
        for _ in 0..<MembershipLoop.eventsMax {
            guard let event = client.poll() else { return }
            switch event.type {
            case RD_KAFKA_EVENT_FETCH:
                while let message = rd_kafka_event_message_next(event.raw) { receive(message) }
            case RD_KAFKA_EVENT_REBALANCE: rebalance(event)
            case RD_KAFKA_EVENT_OFFSET_COMMIT: commits.hear(event, logger: logger)
            case RD_KAFKA_EVENT_ERROR: note(event.code)
            default: break
            }
        }
        worker.bell.ring()
    }

    private mutating func receive(_ message: UnsafePointer<rd_kafka_message_t>) {
        if message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR { return note(message.pointee.err) }
        guard let name = rd_kafka_topic_name(message.pointee.rkt), let topic = Topic(rawValue: String(cString: name))
        else { return }
        intake.add(
            Delivery(
                lane: Lane(topic, message.pointee.partition), offset: message.pointee.offset,
                message: BusMessage(message)))
    }

    private mutating func note(_ code: rd_kafka_resp_err_t) {
        if let fatal = client.fatal {
            failure = fatal
        } else if BusError.isForGood(code) {
            failure = BusError(code, "Kafka refuses this member")
        }
        logger.warning("Kafka is not well", metadata: ["reason": "\(BusError.text(code))"])
    }

    private mutating func rebalance(_ event: borrowing KafkaEvent) {
        let list = rd_kafka_event_topic_partition_list(event.raw)
        let lanes = Lanes.lanes(list)
        let isAssignment = event.code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
        if isAssignment {
            intake.assign(lanes)
        } else {
            intake.revoke(lanes)
            commits.drop(lanes)
        }
        logger.info(
            "A member's lanes have changed",
            metadata: ["gained": "\(isAssignment ? lanes.count : 0)", "lost": "\(isAssignment ? 0 : lanes.count)"])
        // librdkafka remembers that a lane was halted when it was ours before, and would fetch nothing of it for ever
        // (https://github.com/confluentinc/confluent-kafka-go/issues/193). Resumed before it is assigned, it begins where
        // the group is, not where this member was.
        if isAssignment { _ = rd_kafka_resume_partitions(client.handle, list) }
        let protocolName = rd_kafka_rebalance_protocol(client.handle).map { String(cString: $0) }
        if protocolName == "COOPERATIVE" {
            let error =
                isAssignment
                ? rd_kafka_incremental_assign(client.handle, list) : rd_kafka_incremental_unassign(client.handle, list)
            if let error { failure = BusError(consuming: error, "Lanes couldn't be changed") }
        } else {
            _ = rd_kafka_assign(client.handle, isAssignment ? list : nil)
        }
    }

    private mutating func leave() {
        if let error = rd_kafka_consumer_close_queue(client.handle, client.queue) {
            rd_kafka_error_destroy(error)
            return
        }
        let deadline = Monotonic.now() + limits.leaveMilliseconds
        while rd_kafka_consumer_closed(client.handle) == 0, Monotonic.now() < deadline {
            guard let event = client.poll(milliseconds: 50) else { continue }
            if event.type == RD_KAFKA_EVENT_REBALANCE { rebalance(event) }
        }
    }
}
