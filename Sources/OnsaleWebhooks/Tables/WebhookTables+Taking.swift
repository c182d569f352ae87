import OnsaleBus
import OnsaleMigrations

extension WebhookTables {
    /// Notes what has happened for the endpoints that are on and want it.
    /// - Throws: `Unacceptable` if it is no message, errors of the session.
    func add(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws {
        let wanting = try endpoints(in: session).filter { $0.switchedOff == nil && $0.filter.wants(event.type) }
        // Most have none, and a message costs far more than the question.
        guard !wanting.isEmpty else { return }
        let message = try WebhookMessage(event)
        _ = try session.rows(
            """
            INSERT INTO webhook_message (id, type, body, created_at) VALUES ($1, $2, $3, CAST($4 AS BIGINT))
            ON CONFLICT (id) DO NOTHING
            """, [message.id.text, message.type.rawValue, String(decoding: message.body, as: UTF8.self), "\(now)"])
        for endpoint in wanting {
            _ = try session.rows(
                """
                INSERT INTO webhook_delivery (endpoint, message, state, due_at, created_at)
                VALUES ($1, $2, 'pending', CAST($3 AS BIGINT), CAST($3 AS BIGINT))
                ON CONFLICT (endpoint, message) DO NOTHING
                """, [endpoint.id.text, message.id.text, "\(now)"])
        }
    }

    /// Whether a moment has come, or lies so far ahead that a clock that has been set back since must have written it.
    private static func isDue(_ column: String, _ now: String) -> String {
        "(\(column) <= CAST(\(now) AS BIGINT) OR \(column) > CAST(\(now) AS BIGINT) + \(DeliverySchedule.horizonMilliseconds))"
    }

    /// What each endpoint that is on has under way and due.
    func loads(at now: Int64, in session: any SQLSession) throws -> [TakingPlan.Load] {
        try session.rows(
            """
            SELECT e.id, e.failures,
                (SELECT COUNT(*) FROM webhook_delivery d
                    WHERE d.endpoint = e.id AND d.state = 'sending' AND d.due_at > CAST($1 AS BIGINT)),
                CASE WHEN e.paused_until > CAST($1 AS BIGINT)
                    AND e.paused_until <= CAST($1 AS BIGINT) + \(2 * 1000 * DeliverySchedule.retryAfterSecondsMax) THEN 0 ELSE
                    (SELECT COUNT(*) FROM (
                        SELECT 1 FROM webhook_delivery d WHERE d.endpoint = e.id AND d.state IN ('pending', 'sending')
                            AND \(WebhookTables.isDue("d.due_at", "$1")) LIMIT \(limits.attemptsPerEndpointMax)) AS due) END
            FROM webhook_endpoint e WHERE e.switched_off IS NULL ORDER BY e.id
            """, ["\(now)"]
        ).map { row in
            TakingPlan.Load(
                id: try row.endpoint(0), isFailing: EndpointHealth(failures: try row.count(1)).isFailing,
                underWay: try row.count(2), due: try row.count(3))
        }
    }

    /// Takes deliveries that are due, with a lease: until it ends, or the attempt's end is noted, nobody else does.
    /// - Parameters:
    ///   - free: the most deliveries.
    ///   - lease: a name that nobody has used before.
    func take(
        free: Int, lease: String, at now: Int64, in session: any SQLSession,
        using generator: inout some RandomNumberGenerator
    ) throws -> [TakenDelivery] {
        try awaitTurn(in: session)
        let places = TakingPlan.places(
            try loads(at: now, in: session), free: free, limits: limits, using: &generator)
        let isDue = WebhookTables.isDue("due_at", "$3")
        return try places.sorted { $0.key < $1.key }.flatMap { id, count in
            let rows = try session.rows(
                """
                UPDATE webhook_delivery
                SET state = 'sending', lease = $2, due_at = CAST($3 AS BIGINT) + \(limits.leaseMilliseconds)
                WHERE endpoint = $1 AND state IN ('pending', 'sending') AND \(isDue)
                    AND message IN (
                        SELECT message FROM webhook_delivery
                        WHERE endpoint = $1 AND state IN ('pending', 'sending') AND \(isDue)
                        ORDER BY due_at, message LIMIT \(count))
                RETURNING message, attempts, waited_milliseconds
                """, [id.text, lease, "\(now)"])
            return try taken(rows, of: id, lease: lease, in: session)
        }
    }

    private func taken(
        _ rows: [[String?]], of id: EndpointID, lease: String, in session: any SQLSession
    ) throws -> [TakenDelivery] {
        let urls = try session.rows("SELECT url FROM webhook_endpoint WHERE id = $1", [id.text])
        guard let url = try urls.first?.text(0) else { return [] }
        let secrets: SigningSecrets?
        do { secrets = try self.secrets(of: id, in: session) } catch is SecretSeal.Broken { secrets = nil }
        return try rows.compactMap { row in
            let message = try row.message(0)
            let bodies = try session.rows("SELECT body FROM webhook_message WHERE id = $1", [message.text])
            guard let body = try bodies.first?.text(0) else { return nil }
            return TakenDelivery(
                endpoint: id, message: message, lease: lease, attempts: try row.count(1),
                waited: max(0, try row.number(2)), url: url, body: Array(body.utf8), secrets: secrets)
        }
    }
}
