package import OnsaleMigrations

/// Which messages a service has handled, noted in the same commit as their effect: at least once on the wire, once in
/// effect. In the service's table `handled`.
package enum Inbox {
    /// How long a message can come again: the bus keeps none for longer, dead letters excepted.
    package static let rememberedMilliseconds: Int64 = 60 * 86_400_000

    /// Notes a message.
    /// - Parameter now: in milliseconds since 1970.
    /// - Returns: whether it comes for the first time.
    package static func note(_ identity: String, at now: Int64, in session: any SQLSession) throws -> Bool {
        try !session.rows(
            """
            INSERT INTO handled (identity, handled_at) VALUES ($1, CAST($2 AS BIGINT))
            ON CONFLICT (identity) DO NOTHING RETURNING identity
            """, [identity, "\(now)"]
        ).isEmpty
    }

    /// Forgets some messages from before a moment.
    /// - Returns: whether there may be more.
    package static func forget(before moment: Int64, limit: Int, in session: any SQLSession) throws -> Bool {
        try session.rows(
            """
            DELETE FROM handled WHERE identity IN (
                SELECT identity FROM handled WHERE handled_at < CAST($1 AS BIGINT) ORDER BY handled_at LIMIT \(limit))
            RETURNING identity
            """, ["\(moment)"]
        ).count >= limit
    }
}
