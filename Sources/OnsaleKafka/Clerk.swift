import CRdKafka
import Logging
import OnsaleBus
import Synchronization

/// Asks Kafka about topics, positions and dead letters, one errand after the other, on a thread of its own, since the
/// calls that it makes wait for their answers.
final class Clerk: Sendable {
    static let group = "onsale.redrive"
    private static let errandsMax = 64

    /// One errand's client and how long it may take.
    struct Desk {
        let client: KafkaClient
        let configuration: KafkaConfiguration
        let deadline: Int64
        let isStopping: () -> Bool

        /// How long the next call may wait, in pieces, so that a closed bus doesn't wait for long.
        func patience() throws(BusError) -> Int32 {
            if isStopping() { throw BusError.isClosed }
            let left = deadline - Monotonic.now()
            if left <= 0 { throw BusError(.unavailable, "Kafka did not answer in time") }
            return Int32(min(left, 1_000))
        }

        /// Asks until there is an answer.
        func insist(_ doing: String, _ call: (Int32) -> rd_kafka_resp_err_t) throws(BusError) {
            while true {
                let code = call(try patience())
                switch code {
                case RD_KAFKA_RESP_ERR_NO_ERROR: return
                case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__WAIT_COORD,
                    RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                    RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
                    while client.poll(milliseconds: 20) != nil {}
                default: throw BusError(code, doing)
                }
            }
        }
    }

    private let configuration: KafkaConfiguration
    private let worker = Worker<@Sendable (Bool) -> Void>(weightMax: Clerk.errandsMax)
    private let logger: Logger

    /// Starts it. Must be stopped, or the thread lives on.
    init(_ configuration: KafkaConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        worker.start("onsale.kafka.clerk", refuse: { $0(false) }) { [worker] in
            while !worker.isStopping {
                for errand in worker.take() {
                    errand(!worker.isStopping)
                    worker.release(1)
                }
                worker.bell.wait(until: Monotonic.now() + 60_000)
            }
        }
    }

    /// Runs an errand.
    /// - Throws: ``BusError``, `CancellationError`.
    func run<Value: Sendable>(_ errand: @escaping @Sendable (Desk) throws(BusError) -> Value) async throws -> Value {
        let answer = Promise<Value>()
        let job: @Sendable (Bool) -> Void = { [configuration, worker, logger] isOpen in
            if answer.isSettled { return }
            guard isOpen else { return answer.fulfil(.failure(BusError.isClosed)) }
            do throws(BusError) {
                // A client for each: errands are rare, and what went wrong with one is over with it.
                let client = try KafkaClient(
                    .consumer(group: Clerk.group), configuration, more: ["enable.partition.eof": "true"],
                    logger: logger)
                let desk = Desk(
                    client: client, configuration: configuration,
                    deadline: Monotonic.now() + configuration.limits.answerMilliseconds,
                    isStopping: { worker.isStopping })
                answer.fulfil(.success(try errand(desk)))
            } catch {
                answer.fulfil(.failure(error))
            }
        }
        switch worker.put(job, weight: 1) {
        case .taken: return try await answer.value()
        case .full: throw BusError(.unavailable, "too many questions wait for Kafka")
        case .stopped: throw BusError.isClosed
        }
    }

    func stop() async {
        worker.stop()
        await worker.ended()
    }
}
