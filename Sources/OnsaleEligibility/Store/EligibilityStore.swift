package import OnsaleBus
package import OnsaleMigrations
import OnsaleValues

/// The orders that organizers are asked about, in a table, `db/services/eligibility`.
///
/// Nothing here begins or ends a transaction. An order is decided on once: whoever comes second is told so.
package struct EligibilityStore {
    private let session: any SQLSession

    package init(_ session: any SQLSession) { self.session = session }

    /// What the table says isn't so.
    package struct Damaged: Error, CustomStringConvertible {
        package let description = "a table of the eligibility has a value of another kind"
    }

    /// An order that is open, and how many calls were made about it.
    package struct Open: Hashable, Sendable {
        package let ask: EligibilityAsk
        package let attempts: Int
    }

    // MARK: What the sale says

    /// Takes an order.
    /// - Returns: false if it is known, open or decided.
    /// - Throws: errors of the database.
    @discardableResult
    package func admit(_ ask: EligibilityAsk) throws -> Bool {
        try !session.rows(
            """
            INSERT INTO eligibility_case (\(EligibilityStore.askColumns))
            VALUES ($1, $2, $3, $4, $5, CAST($6 AS BIGINT), CAST($7 AS BIGINT), $8, $9)
            ON CONFLICT (order_id) DO NOTHING RETURNING order_id
            """,
            [
                ask.order, ask.event, ask.buyer, ask.url, String(decoding: ask.body, as: UTF8.self),
                String(ask.confirmedAt.milliseconds), String(ask.deadline.milliseconds), ask.cause, ask.traceparent,
            ]
        ).isEmpty
    }

    /// Notes that an order has ended and nobody needs an answer about it any more, whether it is known yet or not. A
    /// decision stays.
    /// - Throws: errors of the database.
    package func withdraw(_ order: OrderMessage, by event: CloudEvent) throws {
        let moment = String(event.time.milliseconds)
        _ = try session.rows(
            """
            UPDATE eligibility_case SET decision = 'withdrawn', decided_at = CAST($2 AS BIGINT), body = ''
            WHERE order_id = $1 AND decision IS NULL
            """, [order.order, moment])
        // Its confirmation may come later, and must find that nobody is to be asked.
        guard order.event.eligibility != nil else { return }
        _ = try session.rows(
            """
            INSERT INTO eligibility_case (\(EligibilityStore.askColumns), decision, decided_at)
            VALUES ($1, $2, $3, '', '', CAST($4 AS BIGINT), CAST($4 AS BIGINT), $5, NULL, 'withdrawn',
                CAST($4 AS BIGINT))
            ON CONFLICT (order_id) DO NOTHING
            """, [order.order, order.event.id, order.buyer, moment, event.id])
    }

    // MARK: Who sees to what

    /// Takes open orders that nobody sees to, the oldest first.
    /// - Parameters:
    ///   - holder: tells one who sees to orders from all others, for ever.
    ///   - until: when they may be taken from it.
    ///   - share: the most that it sees to of one endpoint, so that one that is dead keeps nobody else's waiting.
    ///   - horizon: a time that no holder can have written, but for one whose clock has been set back since.
    /// - Throws: ``Damaged``, errors of the database.
    package func claim(
        _ holder: String, at now: Int64, until: Int64, horizon: Int64, limit: Int, share: Int = Int(Int32.max)
    ) throws -> [Open] {
        // Those whose time is over only need a decision.
        let free = """
            decision IS NULL AND (holder = '' OR held_until < CAST($2 AS BIGINT) OR held_until > CAST($3 AS BIGINT))
            """
        // The condition stands twice: another process may be first.
        return try session.rows(
            """
            UPDATE eligibility_case SET holder = $1, held_until = CAST($4 AS BIGINT) WHERE \(free) AND order_id IN (
                SELECT order_id FROM (
                    SELECT order_id, confirmed_at, deadline_at, url,
                        ROW_NUMBER() OVER (PARTITION BY url ORDER BY confirmed_at, order_id) AS place
                    FROM eligibility_case WHERE \(free)) AS waiting
                WHERE deadline_at <= CAST($2 AS BIGINT) OR place + (
                    SELECT COUNT(*) FROM eligibility_case AS held
                    WHERE held.decision IS NULL AND held.holder = $1 AND held.url = waiting.url) <= \(share)
                ORDER BY confirmed_at, order_id LIMIT CAST($5 AS BIGINT))
            RETURNING \(EligibilityStore.askColumns), attempts
            """, [holder, "\(now)", "\(horizon)", "\(until)", "\(max(0, limit))"]
        ).map { row in
            Open(ask: try EligibilityStore.ask(row), attempts: Int(clamping: try EligibilityStore.number(row, 9)))
        }.sorted { ($0.ask.confirmedAt, $0.ask.order) < ($1.ask.confirmedAt, $1.ask.order) }
    }

    /// Keeps the orders that a holder sees to.
    /// - Returns: which are still open and its own.
    /// - Throws: errors of the database.
    package func renew(_ holder: String, until: Int64) throws -> Set<String> {
        Set(
            try session.rows(
                """
                UPDATE eligibility_case SET held_until = CAST($2 AS BIGINT) WHERE decision IS NULL AND holder = $1
                RETURNING order_id
                """, [holder, "\(until)"]
            ).compactMap(\.first).compactMap { $0 })
    }

    /// Leaves an order to whoever comes, or all of them.
    /// - Throws: errors of the database.
    package func release(_ holder: String, order: String? = nil) throws {
        let condition = "decision IS NULL AND holder = $1" + (order == nil ? "" : " AND order_id = $2")
        _ = try session.rows(
            "UPDATE eligibility_case SET holder = '', held_until = 0 WHERE \(condition)",
            order.map { [holder, $0] } ?? [holder])
    }

    /// Notes that a call is made.
    /// - Returns: false if the order is not open any more, or somebody else's.
    /// - Throws: errors of the database.
    package func note(_ call: EligibilityDesk.Call, by holder: String) throws -> Bool {
        try !session.rows(
            """
            UPDATE eligibility_case SET attempts = \(call.attempt)
            WHERE order_id = $1 AND decision IS NULL AND holder = $2 RETURNING order_id
            """, [call.ask.order, holder]
        ).isEmpty
    }

    // MARK: Decisions

    /// Decides.
    /// - Returns: false if it was decided before, which stands.
    /// - Throws: errors of the database.
    package func decide(_ decision: EligibilityDecision) throws -> Bool {
        try !session.rows(
            """
            UPDATE eligibility_case SET decision = $1, reason = $2, decided_at = \(decision.at.milliseconds), body = ''
            WHERE order_id = $3 AND decision IS NULL RETURNING order_id
            """, [decision.outcome.rawValue, decision.reason, decision.ask.order]
        ).isEmpty
    }

    /// How many orders are open.
    /// - Throws: errors of the database.
    package func openCount() throws -> Int {
        let rows = try session.rows("SELECT COUNT(*) FROM eligibility_case WHERE decision IS NULL", [])
        return Int(clamping: try EligibilityStore.number(rows.first ?? [], 0))
    }

    private static let askColumns =
        "order_id, event_id, buyer_id, url, body, confirmed_at, deadline_at, cause, traceparent"

    private static func ask(_ row: [String?]) throws -> EligibilityAsk {
        guard row.count > 8, let order = row[0], let event = row[1], let buyer = row[2], let url = row[3],
            let body = row[4], let cause = row[7]
        else { throw Damaged() }
        return EligibilityAsk(
            order: order, event: event, buyer: buyer, url: url, body: Array(body.utf8),
            confirmedAt: Timestamp(milliseconds: try number(row, 5)),
            deadline: Timestamp(milliseconds: try number(row, 6)), cause: cause, traceparent: row[8])
    }

    private static func number(_ row: [String?], _ column: Int) throws -> Int64 {
        guard row.indices.contains(column), let number = row[column].flatMap(Int64.init) else { throw Damaged() }
        return number
    }
}
