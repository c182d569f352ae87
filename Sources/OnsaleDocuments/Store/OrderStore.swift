import OnsaleBus
import OnsaleTables
package import OnsaleMigrations
package import OnsaleValues

/// Which orders have tickets, and how far their documents are. Everything happens in the session's transaction.
package enum OrderStore {
    /// What a confirmation told.
    package struct Confirmation: Hashable, Sendable {
        /// `CloudEvent/id`, its key and its trace.
        package let cause: String
        package let event: String
        package let traceparent: String?
        package let order: String
        /// An ``OrderMessage`` as JSON.
        package let message: String

        package init(cause: String, event: String, traceparent: String?, order: String, message: String) {
            self.cause = cause
            self.event = event
            self.traceparent = traceparent
            self.order = order
            self.message = message
        }
    }

    /// An order that a process has taken to render it.
    package struct Due: Hashable, Sendable {
        package let confirmation: Confirmation
        /// How often that was begun, this time included.
        package let attempts: Int
        /// Whether it has waited for long.
        package let isLate: Bool
    }

    /// An order that was issued at least once.
    package struct Issued: Hashable, Sendable {
        package let message: String
        package let voidedAt: Timestamp?
    }

    /// Has an order rendered, unless something newer is known of it.
    package static func confirm(
        _ confirmation: Confirmation, sequence: UInt64, at now: Int64, in session: any SQLSession
    ) throws {
        _ = try session.rows(
            """
            INSERT INTO ticket_order (order_id, sequence, cause, event, traceparent, message, state, due_at)
            VALUES ($1, CAST($2 AS BIGINT), $3, $4, $5, $6, 'due', CAST($7 AS BIGINT))
            ON CONFLICT (order_id) DO UPDATE SET
                sequence = excluded.sequence, cause = excluded.cause, event = excluded.event,
                traceparent = excluded.traceparent, message = excluded.message, state = 'due',
                due_at = excluded.due_at, attempts = 0, taken_until = 0, reason = NULL
            WHERE excluded.sequence > ticket_order.sequence
            """,
            [
                confirmation.order, "\(sequence)", confirmation.cause, confirmation.event, confirmation.traceparent,
                confirmation.message, "\(now)",
            ])
    }

    /// What had confirmed an order, if something older than `sequence` had, and its tickets are still good.
    package static func confirmed(
        order: String, before sequence: UInt64, in session: any SQLSession
    ) throws -> String? {
        try session.rows(
            """
            SELECT message FROM ticket_order
            WHERE order_id = $1 AND state <> 'void' AND sequence < CAST($2 AS BIGINT)
            """, [order, "\(sequence)"]
        ).first?.first ?? nil
    }

    /// Makes all that an order has void, unless something newer is known of it.
    /// - Returns: the message that had confirmed it; nil if it had no tickets that were valid, or about to be.
    package static func void(
        order: String, sequence: UInt64, at now: Int64, in session: any SQLSession
    ) throws -> String? {
        let voided = try session.rows(
            """
            UPDATE ticket_order SET sequence = CAST($2 AS BIGINT), state = 'void', voided_at = CAST($3 AS BIGINT)
            WHERE order_id = $1 AND state <> 'void' AND sequence < CAST($2 AS BIGINT) RETURNING message
            """, [order, "\(sequence)", "\(now)"])
        if let row = voided.first { return row[0] }
        // Noted even so: a confirmation that comes late, from the dead letters, must not bring it to life.
        _ = try session.rows(
            """
            INSERT INTO ticket_order (order_id, sequence, state, due_at, voided_at)
            VALUES ($1, CAST($2 AS BIGINT), 'void', CAST($3 AS BIGINT), CAST($3 AS BIGINT))
            ON CONFLICT (order_id) DO UPDATE SET sequence = excluded.sequence
            WHERE excluded.sequence > ticket_order.sequence
            """, [order, "\(sequence)", "\(now)"])
        return nil
    }

    /// Further ahead than any pause or lease.
    private static let horizonMilliseconds: Int64 = 600_000

    /// Takes orders that are due, those that wait longest first.
    /// - Parameters:
    ///   - attempts: how often rendering them was begun before.
    ///   - lease: for how long nobody else takes them, in milliseconds.
    package static func take(
        _ limit: Int, attempts: Range<Int>, lease: Int64, at now: Int64, in session: any SQLSession
    ) throws -> [Due] {
        // Whoever waited for another process's commit must look again, so the conditions stand outside too.
        // What lies far ahead was written by a clock that has been set back since.
        func hasCome(_ column: String) -> String {
            "(\(column) <= CAST($1 AS BIGINT) OR \(column) > CAST($1 AS BIGINT) + \(horizonMilliseconds))"
        }
        let isDue = """
            state = 'due' AND \(hasCome("due_at")) AND \(hasCome("taken_until"))
            AND attempts >= \(attempts.lowerBound) AND attempts < \(attempts.upperBound)
            """
        return try session.rows(
            """
            UPDATE ticket_order SET taken_until = CAST($2 AS BIGINT), attempts = attempts + 1
            WHERE \(isDue) AND order_id IN (
                SELECT order_id FROM ticket_order WHERE \(isDue) ORDER BY due_at, order_id LIMIT \(max(0, limit)))
            RETURNING order_id, cause, event, traceparent, message, attempts, due_at
            """, ["\(now)", "\(now + lease)"]
        ).compactMap { row in
            guard let order = row[0], let cause = row[1], let event = row[2], let message = row[4],
                let attempts = row[5].flatMap({ Int($0) }), let dueAt = row[6].flatMap({ Int64($0) })
            else { return nil }
            return Due(
                confirmation: Confirmation(
                    cause: cause, event: event, traceparent: row[3], order: order, message: message),
                attempts: attempts, isLate: dueAt < Leftover.lateBefore(at: now))
        }
    }

    /// Notes that an order's files are there.
    /// - Returns: false, and nothing has changed, if it has become void since it was taken, or was confirmed anew.
    package static func issue(_ confirmation: Confirmation, in session: any SQLSession) throws -> Bool {
        try settle(confirmation, "state = 'issued', voided_at = NULL, taken_until = 0", [], in: session)
    }

    /// Gives an order up.
    /// - Returns: as ``issue(_:in:)`` does.
    package static func giveUp(
        _ confirmation: Confirmation, reason: String, in session: any SQLSession
    ) throws -> Bool {
        try settle(confirmation, "state = 'unprintable', taken_until = 0, reason = $3", [reason], in: session)
    }

    /// Puts an order off.
    package static func postpone(
        _ confirmation: Confirmation, until moment: Int64, in session: any SQLSession
    ) throws {
        _ = try settle(
            confirmation, "due_at = CAST($3 AS BIGINT), taken_until = 0", ["\(moment)"], in: session)
    }

    private static func settle(
        _ confirmation: Confirmation, _ change: String, _ values: [String], in session: any SQLSession
    ) throws -> Bool {
        try !session.rows(
            """
            UPDATE ticket_order SET \(change) WHERE order_id = $1 AND cause = $2 AND state = 'due' RETURNING order_id
            """, [confirmation.order, confirmation.cause] + values
        ).isEmpty
    }

    /// An order whose files are there, valid or void.
    package static func issued(_ order: String, in session: any SQLSession) throws -> Issued? {
        // One that became void before it was rendered has no files.
        guard
            let row = try session.rows(
                """
                SELECT message, voided_at FROM ticket_order WHERE order_id = $1
                AND EXISTS (SELECT 1 FROM ticket_file WHERE ticket_file.order_id = ticket_order.order_id)
                """, [order]
            ).first, let message = row[0]
        else { return nil }
        return Issued(message: message, voidedAt: row[1].flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) })
    }

    /// How many orders are to be rendered, void and given up.
    package static func counts(in session: any SQLSession) throws -> (due: Int, void: Int, unprintable: Int) {
        let row = try session.rows(
            """
            SELECT (SELECT COUNT(*) FROM ticket_order WHERE state = 'due'),
                (SELECT COUNT(*) FROM ticket_order WHERE state = 'void' AND message IS NOT NULL),
                (SELECT COUNT(*) FROM ticket_order WHERE state = 'unprintable')
            """, []
        ).first?.map { $0.flatMap { Int($0) } ?? 0 }
        return (row?[0] ?? 0, row?[1] ?? 0, row?[2] ?? 0)
    }
}
