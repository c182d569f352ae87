package import OnsaleBus
package import OnsaleMigrations

/// What a service has to say and hasn't published yet, noted in the same commit as what it follows from. In the service's
/// table `outbox`.
package enum Outbox {
    /// An event on its way to the bus.
    package struct Entry: Sendable {
        /// `CloudEvent/identity`.
        package let identity: String
        /// Nil if it can't be read any more.
        package let event: CloudEvent?
    }

    /// Notes an event; one that is there already stays as it is.
    package static func add(_ event: CloudEvent, in session: any SQLSession) throws {
        let text = try MessageText(event.message)
        _ = try session.rows(
            """
            INSERT INTO outbox (identity, number, key, headers, data)
            VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM outbox), $2, $3, $4)
            ON CONFLICT (identity) DO NOTHING
            """, [event.identity] + text.columns)
    }

    /// The first ones.
    package static func next(limit: Int, in session: any SQLSession) throws -> [Entry] {
        try session.rows(
            "SELECT identity, key, headers, data FROM outbox ORDER BY number, identity LIMIT \(max(0, limit))", []
        ).compactMap { row in
            guard let identity = row[0] else { return nil }
            let event = MessageText.message(row[1...]).flatMap { try? CloudEvent($0) }
            return Entry(identity: identity, event: event)
        }
    }

    /// Removes what lies on the bus. By name: a number may be used again.
    package static func remove(_ identities: [String], in session: any SQLSession) throws {
        for identity in identities {
            _ = try session.rows("DELETE FROM outbox WHERE identity = $1", [identity])
        }
    }

    package static func count(in session: any SQLSession) throws -> Int {
        try session.rows("SELECT COUNT(*) FROM outbox", []).first?.first?.flatMap { Int($0) } ?? 0
    }
}
