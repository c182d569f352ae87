import OnsaleMigrations
import OnsaleValues

extension WebhookTables {
    /// An endpoint's deliveries, the newest first, each with the attempts that are kept.
    /// - Parameter before: only those after this one in that order, for the next page.
    func deliveries(
        of id: EndpointID, before: WebhookID?, limit: Int, in session: any SQLSession
    ) throws -> [LoggedDelivery] {
        var (condition, parameters): (String, [String?]) = ("", [id.text])
        if let before {
            condition = """
                AND (d.created_at, d.message) < (
                    SELECT created_at, message FROM webhook_delivery WHERE endpoint = $1 AND message = $2)
                """
            parameters.append(before.text)
        }
        return try session.rows(
            """
            SELECT d.message, m.type, d.state, d.created_at, d.due_at
            FROM webhook_delivery d JOIN webhook_message m ON m.id = d.message
            WHERE d.endpoint = $1 \(condition) ORDER BY d.created_at DESC, d.message DESC LIMIT \(limit)
            """, parameters
        ).map { row in
            guard let state = LoggedDelivery.State(rawValue: try row.text(2)) else {
                throw Damaged(description: "a delivery in no known state")
            }
            let message = try row.message(0)
            return LoggedDelivery(
                message: message, type: try row.text(1), state: state,
                createdAt: Timestamp(milliseconds: try row.number(3)),
                dueAt: Timestamp(milliseconds: try row.number(4)),
                attempts: try attempts(of: id, message, in: session))
        }
    }

    private func attempts(
        of id: EndpointID, _ message: WebhookID, in session: any SQLSession
    ) throws -> [LoggedAttempt] {
        try session.rows(
            """
            SELECT number, began_at, duration_milliseconds, outcome, status, answer
            FROM webhook_attempt WHERE endpoint = $1 AND message = $2 ORDER BY number
            """, [id.text, message.text]
        ).map { row in
            LoggedAttempt(
                number: try row.number(0), beganAt: Timestamp(milliseconds: try row.number(1)),
                durationMilliseconds: try row.number(2), outcome: try row.text(3),
                status: row[4].flatMap { Int($0) }, answer: try row.text(5))
        }
    }

    /// Makes a delivery due now, whatever became of it, with no attempts behind it. One that is being sent stays so.
    /// - Throws: ``WebhookRefusal``.
    func redeliver(_ message: WebhookID, to id: EndpointID, at now: Int64, in session: any SQLSession) throws {
        guard try endpoint(id, in: session).switchedOff == nil else { throw WebhookRefusal.switchedOff }
        _ = try session.rows("UPDATE webhook_endpoint SET paused_until = 0 WHERE id = $1", [id.text])
        let known = try session.rows(
            "SELECT state FROM webhook_delivery WHERE endpoint = $1 AND message = $2", [id.text, message.text])
        guard !known.isEmpty else { throw WebhookRefusal.unknownDelivery }
        _ = try session.rows(
            """
            UPDATE webhook_delivery
            SET state = 'pending', lease = NULL, attempts = 0, waited_milliseconds = 0, due_at = CAST($3 AS BIGINT)
            WHERE endpoint = $1 AND message = $2 AND NOT (state = 'sending' AND due_at > CAST($3 AS BIGINT))
            """, [id.text, message.text, "\(now)"])
    }
}
