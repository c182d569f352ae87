import OnsaleMigrations

/// How much of the provider's list has been read, and who reads it now. All moments in milliseconds since 1970, by the
/// clock of the tables.
struct SettlementReading {
    private let session: any SQLSession

    init(_ session: any SQLSession) { self.session = session }

    /// What somebody has begun to read.
    struct Span: Hashable, Sendable {
        let from: Int64
        /// When it began: later lines may be missing.
        let begunAt: Int64
        /// From when on all is there once it is read.
        let wholeFrom: Int64
    }

    /// Begins a reading, if one is due and nobody else is at it.
    /// - Parameters:
    ///   - until: when others may take it to have died.
    ///   - horizon: a time that nobody can have written, but one whose clock has been set back since.
    ///   - overlap: how late the provider may list something, and how far clocks may be apart.
    /// - Returns: nil if there is nothing to read now.
    func begin(_ holder: String, at now: Int64, until: Int64, horizon: Int64, overlap: Int64) throws -> Span? {
        let oldest = try session.rows("SELECT MIN(recorded_at) FROM settlement_state", []).first.map(TableRow.init)
        guard let oldest, oldest.optional(0) != nil else { return nil }
        let taken = try session.rows(
            """
            UPDATE settlement_reading SET holder = $1, held_until = CAST($4 AS BIGINT)
            WHERE id = 1 AND (due_at <= CAST($2 AS BIGINT) OR due_at > CAST($3 AS BIGINT))
                AND (holder = '' OR held_until < CAST($2 AS BIGINT) OR held_until > CAST($3 AS BIGINT))
            RETURNING read_from, read_until
            """, [holder, "\(now)", "\(horizon)", "\(until)"])
        guard let row = taken.first.map(TableRow.init) else { return nil }
        let needed = max(0, try oldest.number(0) - overlap)
        guard row.optional(0) != nil, case let from = try row.number(0), from <= needed else {
            // Orders have come that are older than all that was read.
            return Span(from: needed, begunAt: now, wholeFrom: needed)
        }
        return Span(from: max(0, try row.number(1) - overlap), begunAt: now, wholeFrom: from)
    }

    /// Says that a reading goes on.
    /// - Returns: false if somebody else has taken it over.
    func goesOn(_ holder: String, until: Int64) throws -> Bool {
        try !session.rows(
            "UPDATE settlement_reading SET held_until = CAST($2 AS BIGINT) WHERE id = 1 AND holder = $1 RETURNING id",
            [holder, "\(until)"]
        ).isEmpty
    }

    /// Notes that a span has been read whole.
    func finish(_ span: Span, by holder: String, dueAt: Int64) throws {
        _ = try session.rows(
            """
            UPDATE settlement_reading SET read_from = \(span.wholeFrom), read_until = \(span.begunAt),
                due_at = \(dueAt), holder = '', held_until = 0 WHERE id = 1 AND holder = $1
            """, [holder])
    }

    /// Leaves the reading to whoever comes.
    func end(_ holder: String, dueAt: Int64) throws {
        _ = try session.rows(
            "UPDATE settlement_reading SET due_at = \(dueAt), holder = '', held_until = 0 WHERE id = 1 AND holder = $1",
            [holder])
    }

    /// What came of the last comparison.
    struct Comparison: Hashable, Sendable {
        var lines = 0
        /// Places where book and list differ, but for what may still come.
        var differences = 0
        /// Payments that the provider lists and no event knows.
        var strangers = 0
    }

    func note(_ comparison: Comparison) throws {
        _ = try session.rows(
            """
            UPDATE settlement_reading SET line_count = \(comparison.lines),
                difference_count = \(comparison.differences), stranger_count = \(comparison.strangers) WHERE id = 1
            """, [])
    }

    func comparison() throws -> Comparison {
        let rows = try session.rows(
            "SELECT line_count, difference_count, stranger_count FROM settlement_reading WHERE id = 1", [])
        let row = TableRow(rows.first ?? [])
        return Comparison(
            lines: Int(clamping: try row.number(0)), differences: Int(clamping: try row.number(1)),
            strangers: Int(clamping: try row.number(2)))
    }
}
