import OnsaleMigrations
import OnsaleValues

extension WebhookTables {
    private static let columns = "id, url, types, created_at, switched_off, failures"
    /// In `switched_off`: it is gone for everybody; what it has in other tables follows bit by bit.
    private static let removed = "removed"

    /// Adds an endpoint, which is on.
    /// - Throws: ``WebhookRefusal/tooManyEndpoints``.
    func create(
        _ id: EndpointID, url: WebhookURL, filter: EndpointFilter, secret: WebhookSecret, at now: Int64,
        in session: any SQLSession
    ) throws -> WebhookEndpoint {
        try awaitTurn(in: session)
        guard try endpoints(in: session).count < limits.endpointsMax else {
            throw WebhookRefusal.tooManyEndpoints(limits.endpointsMax)
        }
        _ = try session.rows(
            "INSERT INTO webhook_endpoint (id, url, types, created_at) VALUES ($1, $2, $3, CAST($4 AS BIGINT))",
            [id.text, url.text, filter.text, "\(now)"])
        try save(SigningSecrets(secret), of: id, in: session)
        return WebhookEndpoint(
            id: id, url: url.text, filter: filter, createdAt: Timestamp(milliseconds: now), switchedOff: nil,
            failures: 0)
    }

    /// All endpoints, the oldest first.
    func endpoints(in session: any SQLSession) throws -> [WebhookEndpoint] {
        try session.rows(
            """
            SELECT \(WebhookTables.columns) FROM webhook_endpoint
            WHERE switched_off IS NULL OR switched_off <> '\(WebhookTables.removed)' ORDER BY created_at, id
            """, []
        ).map(endpoint)
    }

    /// - Throws: ``WebhookRefusal/unknownEndpoint``.
    func endpoint(_ id: EndpointID, in session: any SQLSession) throws -> WebhookEndpoint {
        let rows = try session.rows(
            """
            SELECT \(WebhookTables.columns) FROM webhook_endpoint
            WHERE id = $1 AND (switched_off IS NULL OR switched_off <> '\(WebhookTables.removed)')
            """, [id.text])
        guard let row = rows.first else { throw WebhookRefusal.unknownEndpoint }
        return try endpoint(row)
    }

    private func endpoint(_ row: [String?]) throws -> WebhookEndpoint {
        WebhookEndpoint(
            id: try row.endpoint(0), url: try row.text(1), filter: EndpointFilter(stored: try row.text(2)),
            createdAt: Timestamp(milliseconds: try row.number(3)),
            switchedOff: row[4].flatMap(SwitchOff.init(rawValue:)), failures: try row.count(5))
    }

    /// Switches an endpoint off if it is on. Its deliveries stay; those pending go on when it is on again.
    func switchOff(_ id: EndpointID, _ reason: SwitchOff, in session: any SQLSession) throws {
        _ = try session.rows(
            "UPDATE webhook_endpoint SET switched_off = $2, told = 0 WHERE id = $1 AND switched_off IS NULL",
            [id.text, reason.rawValue])
    }

    /// Switches an endpoint on, as if it had never failed.
    func switchOn(_ id: EndpointID, in session: any SQLSession) throws {
        _ = try session.rows(
            """
            UPDATE webhook_endpoint
            SET switched_off = NULL, failures = 0, failing_milliseconds = 0, failed_at = NULL, paused_until = 0
            WHERE id = $1
            """, [id.text])
    }

    /// Endpoints that were switched off since somebody was told.
    func untold(in session: any SQLSession) throws -> [WebhookEndpoint] {
        try session.rows(
            """
            SELECT \(WebhookTables.columns) FROM webhook_endpoint
            WHERE switched_off IS NOT NULL AND switched_off <> '\(WebhookTables.removed)' AND told = 0 ORDER BY id
            """, []
        ).map(endpoint)
    }

    func noteTold(_ endpoint: WebhookEndpoint, in session: any SQLSession) throws {
        _ = try session.rows(
            "UPDATE webhook_endpoint SET told = 1 WHERE id = $1 AND switched_off = $2",
            [endpoint.id.text, endpoint.switchedOff?.rawValue])
    }

    /// Removes an endpoint with its URL and secrets. What else is known of it goes with ``removeSome(limit:in:)``.
    func remove(_ id: EndpointID, in session: any SQLSession) throws {
        _ = try session.rows(
            "UPDATE webhook_endpoint SET switched_off = '\(WebhookTables.removed)', url = '', types = '' WHERE id = $1",
            [id.text])
        _ = try session.rows("DELETE FROM webhook_secret WHERE endpoint = $1", [id.text])
    }

    /// Removes some of what is left of removed endpoints.
    /// - Returns: whether there may be more.
    func removeSome(limit: Int, in session: any SQLSession) throws -> Bool {
        let first = try session.rows(
            "SELECT id FROM webhook_endpoint WHERE switched_off = '\(WebhookTables.removed)' ORDER BY id LIMIT 1", [])
        guard let id = try first.first?.endpoint(0) else { return false }
        let messages = try session.rows(
            """
            DELETE FROM webhook_delivery WHERE endpoint = $1 AND message IN (
                SELECT message FROM webhook_delivery WHERE endpoint = $1 LIMIT \(limit))
            RETURNING message
            """, [id.text])
        for row in messages {
            _ = try session.rows(
                "DELETE FROM webhook_attempt WHERE endpoint = $1 AND message = $2", [id.text, try row.text(0)])
        }
        if messages.count < limit { _ = try session.rows("DELETE FROM webhook_endpoint WHERE id = $1", [id.text]) }
        return true
    }
}
