package import OnsaleBus
package import OnsaleMigrations
package import OnsaleValues

/// The book in tables, `db/services/settlement`.
///
/// Nothing here begins or ends a transaction: the caller commits a message's effect together with whatever says that
/// it has been handled.
package struct SettlementStore {
    let session: any SQLSession

    package init(_ session: any SQLSession) { self.session = session }

    /// Books a message. One that is known, or about no money, changes nothing.
    /// - Returns: what it posted.
    /// - Throws: ``SettlementError``, errors of the database.
    @discardableResult
    package func take(
        _ event: CloudEvent, _ message: OrderMessage, fees: FeeSchedule,
        offset: @Sendable (_ timeZone: String?, Timestamp) -> Int
    ) throws -> Posting? {
        guard let state = try OrderState(event, message, offset: offset) else { return nil }
        let known = try session.rows(
            "SELECT order_id FROM settlement_state WHERE identity = $1", [state.identity])
        guard known.isEmpty else { return nil }
        let before = try account(message.order)
        var account = try before ?? OrderAccount(message, fees: fees)
        guard let posting = try account.take(state, of: message) else { return nil }
        try keep(message.event)
        if before == nil {
            try insertOrder(account)
        } else if before?.payment != account.payment {
            _ = try session.rows(
                "UPDATE settlement_order SET payment = $1 WHERE order_id = $2", [account.payment, account.order])
        }
        try insert(state, of: account.order)
        try insert(posting)
        try rewriteMovements(of: account, isNew: before == nil)
        return posting
    }

    /// An order's account, if money was taken for it.
    /// - Throws: ``SettlementError`` of code `damaged`, errors of the database.
    package func account(_ order: String) throws -> OrderAccount? {
        let orders = try session.rows(
            """
            SELECT event_id, currency, amount, fee, fee_rounding, fee_returnable, payment FROM settlement_order
            WHERE order_id = $1
            """, [order])
        guard let row = orders.first.map(TableRow.init) else { return nil }
        let states = try session.rows(
            """
            SELECT sequence, identity, recorded_at, day, refunded, owed, disputed, has_ended, is_sold FROM settlement_state
            WHERE order_id = $1 ORDER BY sequence
            """, [order])
        return OrderAccount(
            order: order, event: try row.text(0), currency: try row.text(1), amount: try row.number(2),
            charge: FeeCharge(
                amount: try row.number(3), rounding: try row.number(4), returnable: try row.number(5)),
            payment: row.optional(6), states: try states.map { try OrderState(TableRow($0)) })
    }

    /// - Throws: ``SettlementError`` of code `unusable` if the event has another currency than before.
    private func keep(_ event: OnsaleEvent) throws {
        let known = try self.event(event.id)
        guard known?.currency ?? event.currency == event.currency else {
            throw SettlementError(.unusable, "event \(event.id) has another currency than before")
        }
        if known == nil || event.timeZone != nil && event.timeZone != known?.timeZone {
            _ = try session.rows(
                """
                INSERT INTO settlement_event (event_id, currency, time_zone) VALUES ($1, $2, $3)
                ON CONFLICT (event_id) DO UPDATE SET time_zone = excluded.time_zone
                """, [event.id, event.currency, event.timeZone])
        }
    }

    /// An event's currency, and its time zone by IANA's name; nil if nothing is booked for it.
    /// - Throws: ``SettlementError`` of code `damaged`, errors of the database.
    package func event(_ event: String) throws -> (currency: String, timeZone: String?)? {
        let rows = try session.rows("SELECT currency, time_zone FROM settlement_event WHERE event_id = $1", [event])
        guard let row = rows.first.map(TableRow.init) else { return nil }
        return (try row.text(0), row.optional(1))
    }

    /// What all entries sum to: zero, always.
    /// - Throws: ``SettlementError`` of code `damaged`, errors of the database.
    package func imbalance() throws -> Int64 {
        let rows = try session.rows("SELECT COALESCE(SUM(amount), 0) FROM settlement_entry", [])
        guard let row = rows.first else { return 0 }
        return try TableRow(row).number(0)
    }

    private func insertOrder(_ account: OrderAccount) throws {
        try session.insert(
            into: "settlement_order",
            ["order_id", "event_id", "currency", "amount", "fee", "fee_rounding", "fee_returnable", "payment"],
            [
                [
                    account.order, account.event, account.currency, String(account.amount),
                    String(account.charge.amount), String(account.charge.rounding),
                    String(account.charge.returnable), account.payment,
                ]
            ])
    }

    private func insert(_ state: OrderState, of order: String) throws {
        try session.insert(
            into: "settlement_state",
            [
                "order_id", "sequence", "identity", "recorded_at", "day", "refunded", "owed", "disputed", "has_ended",
                "is_sold",
            ],
            [
                [
                    order, String(state.sequence), state.identity, String(state.at.milliseconds),
                    state.day.description, String(state.refunded), String(state.owed), String(state.disputed),
                    state.hasEnded ? "1" : "0", state.isSold ? "1" : "0",
                ]
            ])
    }

    private func insert(_ posting: Posting) throws {
        try session.insert(
            into: "settlement_entry", ["event_id", "day", "identity", "purpose", "account", "amount"],
            try posting.merged().map { entry in
                [
                    posting.event, entry.day.description, posting.identity, entry.slot.purpose.rawValue,
                    entry.slot.account.rawValue, String(entry.amount),
                ]
            })
    }

    private func rewriteMovements(of account: OrderAccount, isNew: Bool) throws {
        if !isNew { _ = try session.rows("DELETE FROM settlement_movement WHERE order_id = $1", [account.order]) }
        try session.insert(
            into: "settlement_movement",
            [
                "order_id", "number", "event_id", "identity", "payment", "kind", "amount", "currency", "recorded_at",
                "day",
            ],
            account.movements.enumerated().map { number, movement in
                [
                    account.order, String(number), account.event, movement.identity, movement.payment,
                    movement.kind.rawValue, String(movement.amount), movement.currency,
                    String(movement.at.milliseconds), movement.day.description,
                ]
            })
    }
}
