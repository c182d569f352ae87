package import OnsaleBus
package import OnsaleMigrations
import OnsaleValues

/// What the sale notes of what services say; in the relay's tables.
package enum FulfilmentTables {
    /// An order that eligibility has refused and that is to be taken back.
    struct Refused: Hashable, Sendable {
        let order: String
        let event: String
        let reason: String
    }

    /// The most steps kept of an order: a service that says the same again and again must not fill the table.
    private static let stepsMax = 100

    static func note(
        _ step: FulfilmentStep, of order: String, _ identity: String, in session: any SQLSession
    ) throws {
        _ = try session.rows(
            """
            INSERT INTO step (order_id, identity, type, at, reason)
            SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT)
            WHERE (SELECT COUNT(*) FROM step WHERE order_id = $1) < \(stepsMax) ON CONFLICT DO NOTHING
            """, [order, identity, step.type.rawValue, "\(step.at.milliseconds)", step.reason])
    }

    /// What services have said of an order, in the order of time.
    package static func steps(of order: String, in session: any SQLSession) throws -> [FulfilmentStep] {
        try session.rows(
            "SELECT type, at, reason FROM step WHERE order_id = $1 ORDER BY at, identity", [order]
        ).compactMap { row in
            guard let type = row[0].flatMap(EventType.init), let at = row[1].flatMap({ Int64($0) }) else { return nil }
            return FulfilmentStep(type: type, at: Timestamp(milliseconds: at), reason: row[2])
        }
    }

    /// Those of some orders of which a mail came back.
    package static func bounced(among orders: [String], in session: any SQLSession) throws -> Set<String> {
        guard !orders.isEmpty else { return [] }
        let places = orders.indices.map { "$\($0 + 2)" }.joined(separator: ", ")
        return Set(
            try session.rows(
                "SELECT DISTINCT order_id FROM step WHERE type = $1 AND order_id IN (\(places))",
                [EventType.mailBounced.rawValue] + orders
            ).compactMap { $0.first ?? nil })
    }

    static func refuse(_ order: String, of event: String, reason: String, in session: any SQLSession) throws {
        _ = try session.rows(
            """
            INSERT INTO refusal (order_id, event, reason, settled) VALUES ($1, $2, $3, 0)
            ON CONFLICT (order_id) DO NOTHING
            """, [order, event, reason])
    }

    /// Those that aren't settled, by order, beginning after one.
    static func refusals(after order: String, limit: Int, in session: any SQLSession) throws -> [Refused] {
        try session.rows(
            """
            SELECT order_id, event, reason FROM refusal WHERE settled = 0 AND order_id > $1
            ORDER BY order_id LIMIT \(limit)
            """, [order]
        ).compactMap { row in
            guard let order = row[0], let event = row[1], let reason = row[2] else { return nil }
            return Refused(order: order, event: event, reason: reason)
        }
    }

    static func settle(_ orders: [String], in session: any SQLSession) throws {
        for order in orders {
            _ = try session.rows("UPDATE refusal SET settled = 1 WHERE order_id = $1", [order])
        }
    }
}
