import Logging
import OnsaleBus

/// A member of a consumer group, with a thread of its own.
final class KafkaMembership: BusMembership {
    enum Job: Sendable {
        case next(limit: Int, paused: Set<Lane>, deadline: Int64, answer: Promise<BusUpdate>)
        case commit([Lane: Int64], deadline: Int64, answer: Promise<Void>)

        func refuse() {
            switch self {
            case .next(_, _, _, let answer): answer.fulfil(.failure(BusError.isClosed))
            case .commit(_, _, let answer): answer.fulfil(.failure(BusError.isClosed))
            }
        }
    }

    private static let jobsMax = 1_000

    private let limits: KafkaLimits
    private let worker = Worker<Job>(weightMax: KafkaMembership.jobsMax)

    /// Starts to join.
    init(_ group: String, topics: [Topic], _ configuration: KafkaConfiguration, logger: Logger) {
        limits = configuration.limits
        var logger = logger
        logger[metadataKey: "group"] = "\(group)"
        worker.start("onsale.kafka.in", refuse: { $0.refuse() }) { [worker, limits, logger] in
            do throws(BusError) {
                let client = try KafkaClient(.consumer(group: group), configuration, bell: worker.bell, logger: logger)
                try client.subscribe(to: topics.map(\.rawValue))
                var loop = MembershipLoop(client, limits, worker, logger: logger)
                loop.run()
            } catch {
                logger.error("A member could not join", metadata: ["reason": "\(error.description)"])
            }
        }
    }

    func next(limit: Int, except paused: Set<Lane>, wait: Duration) async throws -> BusUpdate {
        precondition(limit > 0, "a member asks for nothing")
        let answer = Promise<BusUpdate>()
        let (seconds, attoseconds) = wait.components
        let milliseconds = min(max(0, seconds), 3_600) * 1000 + attoseconds / 1_000_000_000_000_000
        try put(.next(limit: limit, paused: paused, deadline: Monotonic.now() + milliseconds, answer: answer))
        return try await answer.value()
    }

    func commit(_ offsets: [Lane: Int64]) async throws {
        if offsets.isEmpty { return }
        let answer = Promise<Void>()
        try put(.commit(offsets, deadline: Monotonic.now() + limits.answerMilliseconds, answer: answer))
        try await answer.value()
    }

    func leave() async {
        worker.stop()
        await worker.ended()
    }

    private func put(_ job: Job) throws(BusError) {
        switch worker.put(job, weight: 1) {
        case .taken: return
        case .full: throw BusError(.unavailable, "too much is asked of a member")
        case .stopped: throw BusError.isClosed
        }
    }
}
