import OnsaleMigrations
import OnsaleSale

/// The relay's tables.
enum RelayTables {
    /// Where the relay begins: behind what the journal had when it ran for the first time.
    /// - Parameters:
    ///   - heads: how far each event's journal reaches.
    ///   - now: in milliseconds since 1970.
    static func begin(_ heads: [String: UInt64], at now: Int64, in session: any SQLSession) throws {
        guard try session.rows("SELECT began_at FROM beginning", []).isEmpty else { return }
        _ = try session.rows("INSERT INTO beginning (began_at) VALUES (\(now))", [])
        for (event, sequence) in heads { try move(event, to: sequence, in: session) }
    }

    /// The last fact of each event that was told; those without one are left out.
    static func positions(in session: any SQLSession) throws -> [String: UInt64] {
        var positions: [String: UInt64] = [:]
        for row in try session.rows("SELECT event, sequence FROM relayed", []) {
            if let event = row[0] { positions[event] = row[1].flatMap { UInt64($0) } }
        }
        return positions
    }

    static func position(of event: String, in session: any SQLSession) throws -> UInt64 {
        try session.rows("SELECT sequence FROM relayed WHERE event = $1", [event])
            .first?.first?.flatMap { UInt64($0) } ?? 0
    }

    /// Moves on.
    /// - Returns: false, and nothing is done, if it is there already: a node that has lost the event may still be telling
    ///   what its successor has told.
    @discardableResult
    static func move(_ event: String, to sequence: UInt64, in session: any SQLSession) throws -> Bool {
        try !session.rows(
            """
            INSERT INTO relayed (event, sequence) VALUES ($1, CAST($2 AS BIGINT)) ON CONFLICT (event)
            DO UPDATE SET sequence = excluded.sequence WHERE relayed.sequence < excluded.sequence RETURNING event
            """, [event, "\(sequence)"]
        ).isEmpty
    }

    static func pasts(
        of orders: Set<OrderID>, in event: String, in session: any SQLSession
    ) throws -> [OrderID: OrderPast] {
        var pasts: [OrderID: OrderPast] = [:]
        for order in orders {
            let row = try session.rows(
                """
                SELECT refunded, reason, proof, disputed_after, words, returned FROM order_past
                WHERE event = $1 AND order_number = CAST($2 AS BIGINT)
                """, [event, "\(order.serial)"]
            ).first
            guard let row, let refunded = row[0].flatMap({ Int64($0) }) else { continue }
            pasts[order] = OrderPast(
                refunded: refunded, reason: row[1], proof: row[2], disputedAfter: row[3].flatMap { Int64($0) },
                words: row[4], returned: row[5].map { $0.split(separator: ",").compactMap { Int($0) } } ?? [])
        }
        return pasts
    }

    static func put(_ past: OrderPast, of order: OrderID, in event: String, in session: any SQLSession) throws {
        if past == .none {
            _ = try session.rows(
                "DELETE FROM order_past WHERE event = $1 AND order_number = CAST($2 AS BIGINT)",
                [event, "\(order.serial)"])
            return
        }
        _ = try session.rows(
            """
            INSERT INTO order_past (event, order_number, refunded, reason, proof, disputed_after, words, returned)
            VALUES ($1, CAST($2 AS BIGINT), CAST($3 AS BIGINT), $4, $5, CAST($6 AS BIGINT), $7, $8)
            ON CONFLICT (event, order_number)
            DO UPDATE SET refunded = excluded.refunded, reason = excluded.reason, proof = excluded.proof,
            disputed_after = excluded.disputed_after, words = excluded.words, returned = excluded.returned
            """,
            [
                event, "\(order.serial)", "\(past.refunded)", past.reason, past.proof,
                past.disputedAfter.map { "\($0)" }, past.words,
                past.returned.isEmpty ? nil : past.returned.map { "\($0)" }.joined(separator: ","),
            ])
    }
}
