package import OnsaleMigrations
package import OnsaleValues

extension MailStore {
    // MARK: For people

    /// The newest mails.
    package static func newest(limit: Int, in session: any SQLSession) throws -> [Standing] {
        try session.rows(
            "SELECT \(columns) FROM mail ORDER BY queued_at DESC, key DESC LIMIT \(max(0, limit))", []
        ).compactMap(Standing.init)
    }

    package static func mail(_ key: String, in session: any SQLSession) throws -> Standing? {
        try session.rows("SELECT \(columns) FROM mail WHERE key = $1", [key]).first.flatMap(Standing.init)
    }

    /// All mails of a buyer, for whoever asks what is held about them; the oldest first.
    package static func mails(of buyer: BuyerID, limit: Int, in session: any SQLSession) throws -> [Standing] {
        try session.rows(
            "SELECT \(columns) FROM mail WHERE buyer = $1 ORDER BY queued_at, key LIMIT \(max(0, limit))", [buyer.text]
        ).compactMap(Standing.init)
    }

    // MARK: Counts

    /// How many mails are to be sent.
    package static func queued(in session: any SQLSession) throws -> Int {
        try session.rows("SELECT COUNT(*) FROM mail WHERE state = 'queued'", []).first?.first?.flatMap { Int($0) } ?? 0
    }

    /// Mails that lack something.
    package struct Waiting: Hashable, Sendable {
        package let count: Int
        /// What is said of one of them.
        package let reason: String?
    }

    /// How many mails lack what.
    package static func waiting(in session: any SQLSession) throws -> [Need: Waiting] {
        let rows = try session.rows(
            """
            SELECT waits_for, COUNT(*), MIN(reason) FROM mail
            WHERE state = 'queued' AND waits_for IS NOT NULL GROUP BY waits_for
            """, [])
        let pairs = rows.compactMap { row -> (Need, Waiting)? in
            guard let need = row[0].flatMap(Need.init), let count = row[1].flatMap({ Int($0) }) else { return nil }
            return (need, Waiting(count: count, reason: row[2]))
        }
        return Dictionary(pairs) { $1 }
    }

    /// Counts mails that have ended.
    package static func tally(_ count: Int, _ state: State, in session: any SQLSession) throws {
        _ = try session.rows(
            """
            INSERT INTO tally (state, total) VALUES ($1, CAST($2 AS BIGINT))
            ON CONFLICT (state) DO UPDATE SET total = tally.total + excluded.total
            """, [state.rawValue, "\(count)"])
    }

    /// How many mails have ended how, those that were removed since included.
    package static func tallies(in session: any SQLSession) throws -> [State: Int] {
        let pairs = try session.rows("SELECT state, total FROM tally", []).compactMap { row -> (State, Int)? in
            guard let state = row[0].flatMap(State.init), let total = row[1].flatMap({ Int($0) }) else { return nil }
            return (state, total)
        }
        return Dictionary(pairs) { $1 }
    }

    // MARK: Rows

    static let columns = """
        key, message_id, kind, event, order_id, buyer, payload, secret, cause, traceparent, queued_at, keep_until, state, \
        attempts, due_at, ended_at, reason, language
        """
}

extension MailStore.Standing {
    /// A row; nil if it is none of ours.
    init?(_ row: [String?]) {
        guard row.count == 18, let key = row[0], let messageID = row[1].flatMap(MessageID.init),
            let kind = row[2].flatMap(MailKind.init), let buyer = row[5].flatMap(BuyerID.init(text:)),
            let payload = row[6], let queuedAt = moment(row[10]), let keepUntil = moment(row[11]),
            let state = row[12].flatMap(MailStore.State.init), let attempts = row[13].flatMap({ Int($0) }),
            let dueAt = moment(row[14])
        else { return nil }
        entry = MailStore.Entry(
            key: key, messageID: messageID, kind: kind, event: row[3], order: row[4], buyer: buyer, payload: payload,
            secret: row[7], cause: row[8].map { MailStore.Cause(id: $0, traceparent: row[9]) }, queuedAt: queuedAt,
            keepUntil: keepUntil)
        self.state = state
        self.attempts = attempts
        self.dueAt = dueAt
        endedAt = moment(row[15])
        reason = row[16]
        language = row[17].flatMap(MailLanguage.init)
    }

    /// The mail as the queue wants it, once it is known where it goes.
    package func queued(to domain: String) -> QueuedMail {
        QueuedMail(
            key: entry.key, messageID: entry.messageID, domain: domain, queuedAt: entry.queuedAt,
            keepUntil: entry.keepUntil, isUrgent: entry.kind.isUrgent, attempts: attempts, dueAt: dueAt)
    }
}

private func moment(_ text: String?) -> Timestamp? {
    text.flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
}
