package import OnsaleMigrations
package import OnsaleValues

/// The tables of the mail service, as functions over a session.
package enum MailStore {
    /// A mail as it is kept: what it is made of, without an address.
    package struct Entry: Hashable, Sendable {
        package let key: String
        package let messageID: MessageID
        package let kind: MailKind
        package let event: String?
        package let order: String?
        /// Whose address it goes to.
        package let buyer: BuyerID
        /// What it is made of, as JSON.
        package let payload: String
        /// What must not be kept once it was sent, as JSON.
        package let secret: String?
        /// The message of the bus that it follows from.
        package let cause: Cause?
        package let queuedAt: Timestamp
        /// It comes back if it hasn't been accepted by then.
        package let keepUntil: Timestamp

        package init(
            key: String, messageID: MessageID, kind: MailKind, event: String? = nil, order: String? = nil,
            buyer: BuyerID, payload: String, secret: String? = nil, cause: Cause? = nil, queuedAt: Timestamp,
            keepUntil: Timestamp? = nil
        ) {
            self.key = key
            self.messageID = messageID
            self.kind = kind
            self.event = event
            self.order = order
            self.buyer = buyer
            self.payload = payload
            self.secret = secret
            self.cause = cause
            self.queuedAt = queuedAt
            self.keepUntil = keepUntil ?? queuedAt.adding(seconds: QueuedMail.keepSeconds)
        }
    }

    /// What names a message of the bus, and its trace.
    package struct Cause: Hashable, Sendable {
        package let id: String
        package let traceparent: String?

        package init(id: String, traceparent: String?) {
            self.id = id
            self.traceparent = traceparent
        }
    }

    package enum State: String, CaseIterable, Hashable, Sendable {
        case queued
        case sent
        case bounced
        /// Not sent, since what it tells isn't true any more.
        case withdrawn
    }

    /// What a mail can't be sent without.
    package enum Need: String, CaseIterable, Hashable, Sendable {
        case address
        case document
    }

    /// How a mail stands.
    package struct Standing: Hashable, Sendable {
        package let entry: Entry
        package let state: State
        package let attempts: Int
        package let dueAt: Timestamp
        /// When it was sent, bounced or withdrawn.
        package let endedAt: Timestamp?
        /// The server's last words, or ours.
        package let reason: String?
        /// Of what was sent.
        package let language: MailLanguage?
    }

    /// Queues a mail.
    /// - Returns: false if there is one with that key already, which stays as it is unless it was withdrawn.
    package static func queue(_ entry: Entry, in session: any SQLSession) throws -> Bool {
        try !session.rows(
            """
            INSERT INTO mail (key, message_id, kind, event, order_id, buyer, payload, secret, cause, traceparent, state,
            rank, queued_at, due_at, keep_until)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', CAST($11 AS BIGINT), CAST($12 AS BIGINT),
            CAST($12 AS BIGINT), CAST($13 AS BIGINT))
            ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, cause = excluded.cause,
            traceparent = excluded.traceparent, state = 'queued', queued_at = excluded.queued_at,
            due_at = excluded.due_at, keep_until = excluded.keep_until, attempts = 0, ended_at = NULL, reason = NULL
            WHERE mail.state = 'withdrawn' RETURNING key
            """,
            [
                entry.key, entry.messageID.description, entry.kind.rawValue, entry.event, entry.order,
                entry.buyer.text, entry.payload, entry.secret, entry.cause?.id, entry.cause?.traceparent,
                entry.kind.isUrgent ? "0" : "1", "\(entry.queuedAt.milliseconds)", "\(entry.keepUntil.milliseconds)",
            ]
        ).isEmpty
    }

    /// Keeps a mail from being sent, if it hasn't been.
    /// - Returns: whether it was queued until now.
    @discardableResult
    package static func withdraw(
        _ key: String, reason: String, now: Timestamp, in session: any SQLSession
    ) throws -> Bool {
        try end(key, .withdrawn, reason: reason, now: now, in: session)
    }

    /// Keeps a mail from being sent, queued already or not, unless what comes later asks for it.
    package static func forestall(_ entry: Entry, reason: String, in session: any SQLSession) throws {
        _ = try queue(entry, in: session)
        try withdraw(entry.key, reason: reason, now: entry.queuedAt, in: session)
        _ = try session.rows(
            "UPDATE mail SET cause = $2 WHERE key = $1 AND state = 'withdrawn'", [entry.key, entry.cause?.id])
    }

    /// The message since which a mail is kept from being sent; nil if it isn't.
    package static func forestalled(_ key: String, in session: any SQLSession) throws -> String? {
        try session.rows("SELECT cause FROM mail WHERE key = $1 AND state = 'withdrawn'", [key]).first?.first ?? nil
    }

    /// Times further ahead than these were written by a clock that has been set back since, in milliseconds.
    private static let dueHorizon: Int64 = 2 * 3_600_000
    private static let takenHorizon: Int64 = 600_000

    /// Takes mails that are due, urgent ones and then the longest due first, and keeps other processes from them.
    /// - Parameters:
    ///   - limit: the most mails.
    ///   - dueSince: those that are not urgent and due for longer stay; nil to take them too.
    ///   - token: whose they are until `until`.
    package static func take(
        limit: Int, dueSince: Timestamp? = nil, now: Timestamp, by token: String, until: Timestamp,
        in session: any SQLSession
    ) throws -> [Standing] {
        let isFree = """
            state = 'queued' AND (rank = 0 OR due_at >= CAST($4 AS BIGINT))
            AND (taken_until <= CAST($3 AS BIGINT) OR taken_until > CAST($3 AS BIGINT) + \(takenHorizon))
            """
        return try session.rows(
            """
            UPDATE mail SET taken_by = $1, taken_until = CAST($2 AS BIGINT)
            WHERE key IN (
                SELECT key FROM mail WHERE \(isFree)
                AND (due_at <= CAST($3 AS BIGINT) OR due_at > CAST($3 AS BIGINT) + \(dueHorizon))
                ORDER BY rank, due_at, key LIMIT \(max(0, limit)))
            AND \(isFree)
            RETURNING \(columns)
            """, [token, "\(until.milliseconds)", "\(now.milliseconds)", "\(dueSince?.milliseconds ?? 0)"]
        ).compactMap(Standing.init).sorted { ($0.dueAt, $0.entry.key) < ($1.dueAt, $1.entry.key) }
    }

    /// Keeps what a process has for longer.
    /// - Returns: the keys of the mails that it still has.
    package static func renew(
        _ token: String, until: Timestamp, in session: any SQLSession
    ) throws -> Set<String> {
        let rows = try session.rows(
            """
            UPDATE mail SET taken_until = CAST($2 AS BIGINT) WHERE taken_by = $1 AND state = 'queued' RETURNING key
            """, [token, "\(until.milliseconds)"])
        return Set(rows.compactMap { $0[0] })
    }

    /// Gives back all that a process has.
    package static func release(_ token: String, in session: any SQLSession) throws {
        _ = try session.rows(
            "UPDATE mail SET taken_by = NULL, taken_until = 0 WHERE taken_by = $1 RETURNING key", [token])
    }

    /// Notes that a mail was sent or has come back. One that has ended stays as it is.
    /// - Parameter keepsSecret: whether its secret is left for people to see until it can't be used any more.
    /// - Returns: whether it was queued until now.
    package static func end(
        _ key: String, _ state: State, reason: String?, language: MailLanguage? = nil, keepsSecret: Bool = false,
        now: Timestamp, in session: any SQLSession
    ) throws -> Bool {
        try !session.rows(
            """
            UPDATE mail SET state = '\(state.rawValue)', ended_at = CAST($2 AS BIGINT), reason = $3, language = $4,
            waits_for = NULL, taken_by = NULL, taken_until = 0\(keepsSecret ? "" : ", secret = NULL")
            WHERE key = $1 AND state = 'queued' RETURNING key
            """, [key, "\(now.milliseconds)", reason, language?.rawValue]
        ).isEmpty
    }

    /// Notes that a mail is tried again, if it is still `token`'s.
    /// - Parameter isKept: whether the process keeps it to itself.
    package static func putOff(
        _ mail: QueuedMail, reason: String, need: Need? = nil, by token: String, isKept: Bool,
        in session: any SQLSession
    ) throws {
        _ = try session.rows(
            """
            UPDATE mail SET attempts = CAST($2 AS BIGINT), due_at = CAST($3 AS BIGINT), reason = $4, waits_for = $5
            \(isKept ? "" : ", taken_by = NULL, taken_until = 0")
            WHERE key = $1 AND state = 'queued' AND taken_by = $6 RETURNING key
            """, [mail.key, "\(mail.attempts)", "\(mail.dueAt.milliseconds)", reason, need?.rawValue, token])
    }

    /// Gives back a mail as it is.
    package static func giveBack(_ key: String, by token: String, in session: any SQLSession) throws {
        _ = try session.rows(
            "UPDATE mail SET taken_by = NULL, taken_until = 0 WHERE key = $1 AND taken_by = $2 RETURNING key",
            [key, token])
    }

    /// Ends what could be used until now only, and forgets its secret.
    /// - Returns: how many mails came back that way.
    package static func expire(now: Timestamp, in session: any SQLSession) throws -> Int {
        let rows = try session.rows(
            """
            UPDATE mail SET secret = NULL, state = CASE state WHEN 'queued' THEN 'bounced' ELSE state END,
            reason = CASE state WHEN 'queued' THEN $2 ELSE reason END,
            ended_at = CASE state WHEN 'queued' THEN CAST($1 AS BIGINT) ELSE ended_at END
            WHERE secret IS NOT NULL AND keep_until <= CAST($1 AS BIGINT)
            RETURNING CASE ended_at WHEN CAST($1 AS BIGINT) THEN 1 ELSE 0 END
            """, ["\(now.milliseconds)", MailStore.expired])
        return rows.count { $0[0] == "1" }
    }

    static let expired = "expired"

    /// Removes mails that ended before a moment, the oldest first.
    /// - Returns: whether there may be more.
    package static func remove(endedBefore moment: Timestamp, limit: Int, in session: any SQLSession) throws -> Bool {
        try session.rows(
            """
            DELETE FROM mail WHERE key IN (
                SELECT key FROM mail WHERE ended_at IS NOT NULL AND ended_at < CAST($1 AS BIGINT)
                ORDER BY ended_at LIMIT \(max(0, limit))) RETURNING key
            """, ["\(moment.milliseconds)"]
        ).count >= limit
    }
}
