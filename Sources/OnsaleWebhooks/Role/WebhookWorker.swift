import Logging
import OnsaleTables
import OnsaleValues
import Synchronization

/// Makes the attempts that are due. A crash between an attempt and its note has it made again, with the same
/// `webhook-id`.
final class WebhookWorker: Sendable {
    private static let pauseMillisecondsMax = 10_000

    private let tables: any Tables
    private let webhooks: WebhookTables
    private let sender: WebhookSender
    private let bell: Doorbell
    private let look: Duration
    private let logger: Logger
    private let underWay = Atomic<Int>(0)
    private let state = Mutex<(failure: String?, unsealed: Bool)>((nil, false))

    init(
        tables: any Tables, webhooks: WebhookTables, sender: WebhookSender, bell: Doorbell, look: Duration,
        logger: Logger
    ) {
        self.tables = tables
        self.webhooks = webhooks
        self.sender = sender
        self.bell = bell
        self.look = look
        self.logger = logger
    }

    /// Why it doesn't get on.
    var trouble: String? {
        let (failure, unsealed) = state.withLock { $0 }
        if let failure { return "The tables of webhooks fail: \(failure)" }
        return unsealed ? "Secrets of webhooks can't be opened: the key is another one, or they were changed" : nil
    }

    /// Works until the task is cancelled, and then puts back what it had taken.
    func run() async {
        await withDiscardingTaskGroup { group in
            var failures = 0
            while !Task.isCancelled {
                do {
                    let rings = bell.rings
                    let taken = try await take()
                    failures = 0
                    state.withLock { $0.failure = nil }
                    for delivery in taken {
                        underWay.add(1, ordering: .relaxed)
                        group.addTask { await self.attempt(delivery) }
                    }
                    if taken.isEmpty { try await bell.wait(after: rings, atMost: look) }
                } catch {
                    if Task.isCancelled { return }
                    failures += 1
                    state.withLock { $0.failure = "\(error)" }
                    logger.warning(
                        "Due webhooks couldn't be taken", metadata: ["error": "\(error)", "attempt": "\(failures)"])
                    let pause = min(WebhookWorker.pauseMillisecondsMax, 100 << min(failures, 10))
                    try? await Task.sleep(for: .milliseconds(pause))
                }
            }
        }
    }

    private func take() async throws -> [TakenDelivery] {
        let free = webhooks.limits.attemptsMax - underWay.load(ordering: .relaxed)
        guard free > 0 else { return [] }
        // A look costs no sync of the disk, taking does.
        let isIdle = try await tables.read { [tables, webhooks] session in
            var random = SystemRandomNumberGenerator()
            let loads = try webhooks.loads(at: try tables.now(in: session), in: session)
            return TakingPlan.places(loads, free: free, limits: webhooks.limits, using: &random).isEmpty
        }
        if isIdle { return [] }
        return try await tables.write { [tables, webhooks] session in
            var random = SystemRandomNumberGenerator()
            let lease = Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
            return try webhooks.take(
                free: free, lease: lease, at: try tables.now(in: session), in: session, using: &random)
        }
    }

    private func attempt(_ delivery: TakenDelivery) async {
        let attempt = await outcome(delivery)
        do {
            try await tables.write { [tables, webhooks] session in
                var random = SystemRandomNumberGenerator()
                try webhooks.settle(
                    delivery, attempt, at: try tables.now(in: session), in: session, using: &random)
            }
        } catch {
            logger.warning(
                "A webhook's attempt couldn't be noted; once its lease ends it is made again",
                metadata: [
                    "endpoint": "\(delivery.endpoint)", "message": "\(delivery.message)",
                    "outcome": "\(attempt.outcome.name)", "error": "\(error)",
                ])
        }
        underWay.subtract(1, ordering: .relaxed)
        bell.ring()
    }

    private func outcome(_ delivery: TakenDelivery) async -> WebhookAttempt {
        state.withLock { $0.unsealed = delivery.secrets == nil }
        guard let secrets = delivery.secrets else {
            return WebhookAttempt(.notTried, beganAt: Timestamp(milliseconds: 0), durationMilliseconds: 0)
        }
        return await sender.send(delivery.message, body: delivery.body, to: delivery.url, secrets: secrets)
    }
}
