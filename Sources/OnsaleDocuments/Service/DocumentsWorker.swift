import Logging
import OnsaleBus
import OnsaleMigrations
import OnsaleTables

/// Renders the orders that are due, outside of any transaction, and keeps and tells what came out in one commit a batch.
///
/// After a crash in between they are rendered again, to the same bytes. An order at which the process seems to end is
/// taken alone, so that it takes no others with it, and is given up in the end.
struct DocumentsWorker: Sendable {
    /// The most orders of a batch.
    private static let batchMax = 64
    /// How long a process has a batch to itself; what a crash leaves behind waits so long.
    private static let leaseMilliseconds: Int64 = 30_000
    /// An order that was begun so often is taken alone.
    private static let attemptsTogether = 3
    /// An order that was begun so often is given up.
    private static let attemptsMax = 10
    /// How often those that are taken alone have their turn although others are due.
    private static let turns = 8
    private static let pauseMillisecondsMax: Int64 = 60_000

    let tables: any Tables
    let desk: ServiceDesk
    let crew: RenderingCrew
    let status: DocumentsStatus
    let logger: Logger

    /// Works until the task is cancelled. A batch that has begun is finished.
    func run() async {
        var failures = 0
        var turn = 0
        while !Task.isCancelled {
            let rings = desk.taken.rings
            do {
                turn += 1
                let batch = try await take(aloneFirst: turn % DocumentsWorker.turns == 0)
                if batch.isEmpty {
                    try await desk.taken.wait(after: rings, atMost: .seconds(1))
                } else {
                    let began = ContinuousClock.now
                    try await keep(await crew.render(batch))
                    if batch.contains(where: \.isLate) {
                        try? await Task.sleep(
                            for: Leftover.shared.pause(after: (ContinuousClock.now - began) * crew.size))
                    }
                }
                failures = 0
                status.works()
            } catch {
                if Task.isCancelled { return }
                failures += 1
                status.fails("documents can't be kept: \(error)")
                logger.warning(
                    "Documents couldn't be kept; their orders will be taken again",
                    metadata: ["error": "\(error)", "attempt": "\(failures)"])
                try? await Task.sleep(for: .milliseconds(min(10_000, 100 << min(failures, 10))))
            }
        }
    }

    private func take(aloneFirst: Bool) async throws -> [OrderStore.Due] {
        let together = (DocumentsWorker.batchMax, 0..<DocumentsWorker.attemptsTogether)
        let alone = (1, DocumentsWorker.attemptsTogether..<Int(Int32.max))
        let lease = DocumentsWorker.leaseMilliseconds
        return try await tables.write { [tables] session in
            let now = try tables.now(in: session)
            for (limit, attempts) in aloneFirst ? [alone, together] : [together, alone] {
                let batch = try OrderStore.take(limit, attempts: attempts, lease: lease, at: now, in: session)
                if !batch.isEmpty { return batch }
            }
            return []
        }
    }

    private func keep(_ outcomes: [RenderingCrew.Outcome]) async throws {
        let known = status.knownParts
        let kept = try await tables.write { [tables] session in
            let now = try tables.now(in: session)
            return try outcomes.map { try self.keep($0, known: known, at: now, in: session) }
        }
        status.add(parts: outcomes.flatMap { (try? $0.result.get())?.compactMap(\.shared?.sha256) ?? [] })
        if kept.contains(where: \.isIssued) { desk.outbox.ring() }
        for (outcome, kept) in zip(outcomes, kept) {
            guard let trouble = kept.trouble else { continue }
            let metadata: Logger.Metadata = [
                "order": "\(outcome.order.confirmation.order)", "event": "\(outcome.order.confirmation.event)",
                "reason": "\(trouble)",
            ]
            if kept.isGivenUp {
                logger.error("An order can't be printed and is given up; it has no documents", metadata: metadata)
            } else {
                logger.warning("An order wasn't rendered and will be tried again", metadata: metadata)
            }
        }
    }

    private struct Kept: Sendable {
        var isIssued = false
        var isGivenUp = false
        var trouble: String?
    }

    private func keep(
        _ outcome: RenderingCrew.Outcome, known: Set<String>, at now: Int64, in session: any SQLSession
    ) throws -> Kept {
        let order = outcome.order.confirmation
        let made = Result {
            let files = try outcome.result.get()
            return (files, try order.issued(files, at: now))
        }
        switch made {
        case .success(let (files, event)):
            // It may have become void meanwhile, or another process may have been faster.
            guard try OrderStore.issue(order, in: session) else { return Kept() }
            try DocumentStore.save(files, order: order.order, known: known, in: session)
            try Outbox.add(event, in: session)
            return Kept(isIssued: true)
        case .failure(let error as UnprintableOrder): return try giveUp(order, "The order \(error)", in: session)
        case .failure(let error):
            guard outcome.order.attempts < DocumentsWorker.attemptsMax else {
                return try giveUp(order, "It failed again and again, at last with: \(error)", in: session)
            }
            let pause = min(DocumentsWorker.pauseMillisecondsMax, 500 << Int64(outcome.order.attempts))
            try OrderStore.postpone(order, until: now + pause, in: session)
            return Kept(trouble: "\(error)")
        }
    }

    private func giveUp(
        _ order: OrderStore.Confirmation, _ reason: String, in session: any SQLSession
    ) throws -> Kept {
        Kept(isGivenUp: try OrderStore.giveUp(order, reason: reason, in: session), trouble: reason)
    }
}
