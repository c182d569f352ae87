import OnsaleMigrations

extension WebhookTables {
    /// How things stand.
    struct Standing: Hashable, Sendable {
        /// Of endpoints that are on, counted up to the bound of each.
        var pending = 0
        var delivered = 0
        var exhausted = 0
        var switchedOff = 0
    }

    /// Counts, and switches off endpoints that have too much before them.
    func count(in session: any SQLSession) throws -> Standing {
        var standing = Standing()
        let rows = try session.rows(
            "SELECT id, switched_off, delivered, exhausted FROM webhook_endpoint ORDER BY id", [])
        for row in rows {
            standing.delivered += try row.count(2)
            standing.exhausted += try row.count(3)
            if let reason = row[1] {
                if SwitchOff(rawValue: reason) != nil { standing.switchedOff += 1 }
                continue
            }
            let counted = try session.rows(
                """
                SELECT COUNT(*) FROM (SELECT 1 FROM webhook_delivery
                    WHERE endpoint = $1 AND state IN ('pending', 'sending') LIMIT \(limits.backlogMax + 1)) AS pending
                """, [try row.text(0)])
            let pending = try counted.first?.count(0) ?? 0
            if pending > limits.backlogMax {
                try switchOff(try row.endpoint(0), .backlog, in: session)
                standing.switchedOff += 1
            } else {
                standing.pending += pending
            }
        }
        return standing
    }

    /// Removes some of what is older than it is kept, or belonged to endpoints that are gone.
    /// - Returns: whether there may be more.
    func trim(limit: Int, at now: Int64, in session: any SQLSession) throws -> Bool {
        let oldest = "\(now - limits.keptMilliseconds)"
        let deliveries = try session.rows(
            """
            DELETE FROM webhook_delivery WHERE (endpoint, message) IN (
                SELECT endpoint, message FROM webhook_delivery WHERE created_at < CAST($1 AS BIGINT)
                    AND (state IN ('delivered', 'exhausted') OR endpoint IN (
                        SELECT id FROM webhook_endpoint WHERE switched_off IS NOT NULL))
                ORDER BY created_at LIMIT \(limit))
            RETURNING endpoint, message
            """, [oldest])
        for names in deliveries {
            _ = try session.rows("DELETE FROM webhook_attempt WHERE endpoint = $1 AND message = $2", names)
        }
        let messages = try session.rows(
            """
            DELETE FROM webhook_message WHERE id IN (
                SELECT id FROM webhook_message m WHERE created_at < CAST($1 AS BIGINT)
                    AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.message = m.id)
                ORDER BY created_at LIMIT \(limit))
            RETURNING id
            """, [oldest])
        let mayBeMore = try removeSome(limit: limit, in: session)
        return deliveries.count == limit || messages.count == limit || mayBeMore
    }
}
