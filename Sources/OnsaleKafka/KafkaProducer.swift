import Logging
import OnsaleBus

/// Publishes, by a thread of its own.
final class KafkaProducer: Sendable {
    struct Job: Sendable {
        let parcels: [Parcel]
        let bytes: Int
        let deadline: Int64
        let answer: Promise<Void>
    }

    private let limits: KafkaLimits
    private let worker: Worker<Job>

    /// Starts it. Must be stopped, or the thread lives on.
    /// - Throws: ``BusError`` if librdkafka can't begin with this configuration.
    init(_ configuration: KafkaConfiguration, logger: Logger) throws(BusError) {
        limits = configuration.limits
        let worker = Worker<Job>(weightMax: limits.unsentBytesMax)
        self.worker = worker
        // Made twice, since it belongs to the thread: what is wrong with the configuration must be known here.
        _ = try KafkaClient(.producer, configuration, logger: logger)
        worker.start("onsale.kafka.out", refuse: { $0.answer.fulfil(.failure(BusError.isClosed)) }) {
            var loop = ProducerLoop(configuration, worker, logger: logger)
            loop.run()
        }
    }

    /// Publishes parcels in their order, and returns when all of them are durable.
    /// - Throws: ``BusError``, `CancellationError`.
    func send(_ parcels: [Parcel]) async throws {
        if parcels.isEmpty { return }
        let bytes = parcels.reduce(0) { $0 + $1.bytes }
        guard bytes <= limits.unsentBytesMax else {
            throw BusError(.refused, "\(bytes) bytes at once are more than \(limits.unsentBytesMax)")
        }
        let answer = Promise<Void>()
        let job = Job(
            parcels: parcels, bytes: bytes, deadline: Monotonic.now() + limits.publishMilliseconds, answer: answer)
        switch worker.put(job, weight: bytes) {
        case .taken: try await answer.value()
        case .full: throw BusError(.unavailable, "too much is on its way to Kafka")
        case .stopped: throw BusError.isClosed
        }
    }

    /// Ends it; what is under way fails.
    func stop() async {
        worker.stop()
        await worker.ended()
    }
}
