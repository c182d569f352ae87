import OnsaleMigrations
import OnsaleValues

extension WebhookTables {
    /// Notes how an attempt ended and what it means. If the lease has ended and the delivery was taken again, that one
    /// decides, and nothing is noted.
    /// - Returns: whether it was noted.
    @discardableResult
    func settle(
        _ delivery: TakenDelivery, _ attempt: WebhookAttempt, at now: Int64, in session: any SQLSession,
        using generator: inout some RandomNumberGenerator
    ) throws -> Bool {
        // Writes, so that two attempts' ends don't both count on from the same failures.
        let rows = try session.rows(
            """
            UPDATE webhook_endpoint SET failures = failures WHERE id = $1
            RETURNING failures, failing_milliseconds, failed_at, paused_until
            """, [delivery.endpoint.text])
        guard let row = rows.first else { return false }
        let health = EndpointHealth(
            failures: try row.count(0), failingMilliseconds: try row.number(1), failedAt: row[2].flatMap { Int64($0) },
            pausedUntil: try row.number(3))
        let settlement = DeliverySchedule.settle(
            attempt.outcome, attempts: delivery.attempts, waited: delivery.waited, using: &generator)
        guard let number = try move(delivery, settlement, at: now, in: session) else { return false }
        if case .putBack = settlement { return true }
        try log(attempt, of: delivery, number, in: session)
        try note(health.after(attempt.outcome, at: now), settlement, of: delivery.endpoint, in: session)
        if let reason = health.after(attempt.outcome, at: now).switchOff(after: attempt.outcome) {
            try switchOff(delivery.endpoint, reason, in: session)
        }
        return true
    }

    /// - Returns: the number of the attempt; nil if the delivery is another sender's by now.
    private func move(
        _ delivery: TakenDelivery, _ settlement: Settlement, at now: Int64, in session: any SQLSession
    ) throws -> Int64? {
        let (state, after, isFailure): (String, Int64, Bool) =
            switch settlement {
            case .delivered: ("delivered", 0, false)
            case .exhausted: ("exhausted", 0, true)
            case .again(let wait): ("pending", wait, true)
            case .putBack(let wait): ("pending", wait, false)
            }
        let isTried = if case .putBack = settlement { false } else { true }
        return try session.rows(
            """
            UPDATE webhook_delivery
            SET state = $4, lease = NULL, due_at = CAST($5 AS BIGINT), attempts = attempts + \(isFailure ? 1 : 0),
                waited_milliseconds = waited_milliseconds + \(isFailure ? after : 0),
                logged = logged + \(isTried ? 1 : 0)
            WHERE endpoint = $1 AND message = $2 AND lease = $3
            RETURNING logged
            """,
            [delivery.endpoint.text, delivery.message.text, delivery.lease, state, "\(now + after)"]
        ).first?.number(0)
    }

    private func note(
        _ health: EndpointHealth, _ settlement: Settlement, of id: EndpointID, in session: any SQLSession
    ) throws {
        _ = try session.rows(
            """
            UPDATE webhook_endpoint
            SET failures = \(health.failures), failing_milliseconds = \(health.failingMilliseconds),
                failed_at = CAST($2 AS BIGINT), paused_until = \(health.pausedUntil),
                delivered = delivered + \(settlement == .delivered ? 1 : 0),
                exhausted = exhausted + \(settlement == .exhausted ? 1 : 0)
            WHERE id = $1
            """, [id.text, health.failedAt.map { "\($0)" }])
    }

    private func log(
        _ attempt: WebhookAttempt, of delivery: TakenDelivery, _ number: Int64, in session: any SQLSession
    ) throws {
        let names = [delivery.endpoint.text, delivery.message.text]
        _ = try session.rows(
            """
            INSERT INTO webhook_attempt (endpoint, message, number, began_at, duration_milliseconds, outcome, status,
                answer)
            VALUES ($1, $2, \(number), \(attempt.beganAt.milliseconds), \(attempt.durationMilliseconds), $3,
                CAST($4 AS BIGINT), $5)
            """, names + [attempt.outcome.name, attempt.outcome.status.map { "\($0)" }, attempt.answer])
        _ = try session.rows(
            "DELETE FROM webhook_attempt WHERE endpoint = $1 AND message = $2 AND number <= CAST($3 AS BIGINT)",
            names + ["\(number - Int64(WebhookTables.attemptsMax))"])
    }
}
