import OnsaleMigrations
package import OnsaleValues

/// The provider's list in the tables, and what comes of comparing it.
extension SettlementStore {
    /// Keeps lines of the provider's list. One that is known stays as it is.
    /// - Throws: errors of the database.
    package func keep(_ lines: [ProviderLine]) throws {
        try session.insert(
            into: "settlement_line",
            [
                "id", "kind", "type", "amount", "fee", "net", "currency", "source", "payment", "order_id",
                "created_at", "available_at",
            ],
            lines.map { line in
                [
                    line.id, line.kind?.rawValue, line.type, line.amount.map { String($0) }, String(line.fee),
                    String(line.net), line.currency, line.source, line.payment, line.order,
                    String(line.created.milliseconds), String(line.availableOn.milliseconds),
                ]
            }, otherwise: " ON CONFLICT (id) DO NOTHING")
    }

    /// How many lines are kept.
    /// - Throws: ``SettlementError`` of code `damaged`, errors of the database.
    package func lineCount() throws -> Int {
        let rows = try session.rows("SELECT COUNT(*) FROM settlement_line", [])
        return Int(clamping: try TableRow(rows.first ?? []).number(0))
    }

    /// An event's days, and what differs on them.
    /// - Parameters:
    ///   - currency: the event's.
    ///   - offsetSeconds: how far the event's time zone is ahead of UTC at a moment.
    ///   - pendingDays: how long provider or bus may be behind before something counts as missing.
    /// - Throws: ``SettlementError``: `full` for more lines than can be compared at once; errors of the database.
    package func settle(
        event: String, currency: String, days: ClosedRange<SettlementDay>, now: Timestamp, pendingDays: Int,
        offsetSeconds: (Timestamp) -> Int
    ) throws -> (report: SettlementReport, differences: [Difference]) {
        let (movements, lines) = try compared(event, days)
        let comparison = try Reconciliation(
            expected: movements, lines: lines, currency: currency, now: now, pendingDays: pendingDays
        ) { SettlementDay($0, offsetSeconds: offsetSeconds($0)) }
        let report = try SettlementReport(
            posted: try posted(event, days), listed: comparison.listed.filter { days.contains($0.key) })
        return (report, comparison.differences.filter { days.contains($0.day) })
    }

    /// Lines about payments and orders of which no event knows, the oldest first. Those made after `before` may be ours
    /// and on their way.
    /// - Throws: ``SettlementError`` of code `damaged`, errors of the database.
    package func strangers(since: Timestamp, before: Timestamp, limit: Int) throws -> [ProviderLine] {
        try session.rows(
            """
            SELECT \(SettlementStore.lineColumns) FROM settlement_line l
            WHERE created_at >= $1 AND created_at < $2 AND (payment IS NOT NULL OR order_id IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM settlement_movement m WHERE m.payment = l.payment)
                AND NOT EXISTS (SELECT 1 FROM settlement_order o WHERE o.order_id = l.order_id)
            ORDER BY created_at, id LIMIT $3
            """, [String(since.milliseconds), String(before.milliseconds), String(limit)]
        ).map { try ProviderLine(TableRow($0)) }
    }

    /// The first and the last day on which something is booked for an event.
    /// - Throws: ``SettlementError`` of code `damaged`, errors of the database.
    package func days(of event: String) throws -> ClosedRange<SettlementDay>? {
        let rows = try session.rows("SELECT MIN(day), MAX(day) FROM settlement_entry WHERE event_id = $1", [event])
        guard let row = rows.first.map(TableRow.init), row.optional(0) != nil else { return nil }
        return try row.day(0)...(try row.day(1))
    }

    /// Events of which something is booked on a day or later.
    /// - Throws: ``SettlementError`` of code `damaged`, errors of the database.
    package func events(since day: SettlementDay, after: String, limit: Int) throws -> [String] {
        try session.rows(
            """
            SELECT event_id FROM settlement_event e WHERE event_id > $1 AND EXISTS (
                SELECT 1 FROM settlement_entry WHERE event_id = e.event_id AND day >= $2)
            ORDER BY event_id LIMIT \(limit)
            """, [after, day.description]
        ).map { try TableRow($0).text(0) }
    }

    private func posted(_ event: String, _ days: ClosedRange<SettlementDay>) throws -> [SettlementDay: Amounts] {
        let rows = try session.rows(
            """
            SELECT day, purpose, account, SUM(amount) FROM settlement_entry
            WHERE event_id = $1 AND day BETWEEN $2 AND $3 GROUP BY day, purpose, account
            """, [event, days.lowerBound.description, days.upperBound.description])
        var posted: [SettlementDay: Amounts] = [:]
        for row in rows.map(TableRow.init) {
            try posted[try row.day(0), default: Amounts()].add(
                try row.number(3), to: Amounts.Slot(try row.name(1), try row.name(2)))
        }
        return posted
    }

    private static let lineColumns =
        "id, kind, type, amount, fee, net, currency, source, payment, order_id, created_at, available_at"

    /// The most movements, and the most lines, that are compared at once.
    static let comparedMax = 1_000_000

    /// The movements of all orders that have something on these days, with all lines about them.
    private func compared(
        _ event: String, _ days: ClosedRange<SettlementDay>
    ) throws -> (movements: [ExpectedMovement], lines: [ProviderLine]) {
        // No zone is further from UTC than a day.
        let window = (
            from: days.lowerBound.midnight - 86_400_000, to: days.upperBound.midnight + 2 * 86_400_000
        )
        let parameters = [
            event, days.lowerBound.description, days.upperBound.description, String(window.from), String(window.to),
        ]
        let orders = """
            SELECT order_id FROM settlement_movement WHERE event_id = $1 AND day BETWEEN $2 AND $3
            UNION SELECT m.order_id FROM settlement_line l JOIN settlement_movement m ON m.payment = l.payment
            WHERE m.event_id = $1 AND l.created_at BETWEEN $4 AND $5
            UNION SELECT o.order_id FROM settlement_line l JOIN settlement_order o ON o.order_id = l.order_id
            WHERE o.event_id = $1 AND l.created_at BETWEEN $4 AND $5
            """
        let movements = try session.rows(
            """
            SELECT identity, order_id, payment, kind, amount, currency, recorded_at, day FROM settlement_movement
            WHERE order_id IN (\(orders)) LIMIT \(SettlementStore.comparedMax + 1)
            """, parameters)
        let lines = try session.rows(
            """
            SELECT \(SettlementStore.lineColumns) FROM settlement_line WHERE order_id IN (\(orders))
                OR payment IN (SELECT payment FROM settlement_movement WHERE order_id IN (\(orders)))
            LIMIT \(SettlementStore.comparedMax + 1)
            """, parameters)
        guard max(movements.count, lines.count) <= SettlementStore.comparedMax else {
            throw SettlementError(.full, "these days have more than \(SettlementStore.comparedMax) lines")
        }
        return (
            try movements.map { try ExpectedMovement(TableRow($0)) }, try lines.map { try ProviderLine(TableRow($0)) }
        )
    }
}

extension ExpectedMovement {
    fileprivate init(_ row: TableRow) throws(SettlementError) {
        self.init(
            identity: try row.text(0), order: try row.text(1), payment: row.optional(2), kind: try row.name(3),
            amount: try row.number(4), currency: try row.text(5), at: try row.moment(6), day: try row.day(7))
    }
}

extension ProviderLine {
    fileprivate init(_ row: TableRow) throws(SettlementError) {
        self.init(
            id: try row.text(0), kind: row.optional(1) == nil ? nil : try row.name(1), type: try row.text(2),
            amount: row.optional(3) == nil ? nil : try row.number(3), fee: try row.number(4), net: try row.number(5),
            currency: try row.text(6), source: row.optional(7), payment: row.optional(8), order: row.optional(9),
            created: try row.moment(10), availableOn: try row.moment(11))
    }
}

extension SettlementDay {
    /// Its first millisecond in UTC.
    var midnight: Int64 { RFC3339.parse(description + "T00:00:00Z")?.milliseconds ?? 0 }
}
