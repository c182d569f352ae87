package import OnsaleValues

/// A mail that waits, as the queue knows it. Who gets it and what it says is the store's.
package struct QueuedMail: Hashable, Sendable {
    /// What it is about, such as a message's identity: one mail for each.
    package let key: String
    /// Given once, when it was queued.
    package let messageID: MessageID
    /// Where it goes: the domain of its address.
    package let domain: String
    package let queuedAt: Timestamp
    /// It comes back if it hasn't been accepted by then.
    package let keepUntil: Timestamp
    /// Whether somebody waits for it: it goes before others.
    package let isUrgent: Bool
    /// How often it has been tried without the server's leave to go on.
    package var attempts: Int
    /// When it is tried next.
    package var dueAt: Timestamp

    /// How long a mail is tried unless it says otherwise.
    package static let keepSeconds = 3 * 86_400

    package init(
        key: String, messageID: MessageID, domain: String, queuedAt: Timestamp, keepUntil: Timestamp? = nil,
        isUrgent: Bool = false, attempts: Int = 0, dueAt: Timestamp? = nil
    ) {
        self.key = key
        self.messageID = messageID
        self.domain = domain
        self.queuedAt = queuedAt
        self.keepUntil = keepUntil ?? queuedAt.adding(seconds: QueuedMail.keepSeconds)
        self.isUrgent = isUrgent
        self.attempts = attempts
        self.dueAt = dueAt ?? queuedAt
    }
}

/// Bounds of a queue.
package struct MailQueueLimits: Hashable, Sendable {
    /// Mails in memory; the others stay in the store.
    package var mailsMax = 64
    /// Mails under way at once.
    package var underWayMax = 4
    /// The pause before a mail's second attempt, doubled with each further one.
    package var pauseSeconds = 60
    package var pauseSecondsMax = 3_600
    /// The pause while something is missing that a mail can't go without, doubled each time.
    package var missingSeconds = 5
    package var missingSecondsMax = 300
    /// How long nothing is sent when the server can't be reached, doubled each time.
    package var absenceSeconds = 5
    package var absenceSecondsMax = 300

    package init() {}
}

/// Decides when each mail is tried, and what becomes of it. Pure: it has no clock and sends nothing.
///
/// What it hands out by ``next(now:)`` is under way until ``settle(_:_:now:)``. An attempt whose outcome nobody knows is
/// made again, with the same Message-ID, by which a receiver tells that it is the same mail.
package struct MailQueue: Sendable {
    /// What has become of an attempt, for the store to note.
    package enum Settlement: Hashable, Sendable {
        case accepted
        /// It is tried again, as it says now.
        case again(QueuedMail, reason: String)
        /// It comes back: no attempt will be made any more.
        case bounced(reason: String)
    }

    private let limits: MailQueueLimits
    private var waiting: [String: QueuedMail] = [:]
    private var underWay: [String: QueuedMail] = [:]
    private var server = Pause()
    private var domains: [String: Pause] = [:]

    package init(_ limits: MailQueueLimits = MailQueueLimits()) { self.limits = limits }

    /// How many more mails it takes.
    package var room: Int { max(0, limits.mailsMax - waiting.count - underWay.count) }

    /// Mails that wait or are under way.
    package var count: Int { waiting.count + underWay.count }

    package var underWayCount: Int { underWay.count }

    /// Takes a mail of the store.
    /// - Returns: false if it has it already, or there is no room.
    package mutating func add(_ mail: QueuedMail) -> Bool {
        guard room > 0, waiting[mail.key] == nil, underWay[mail.key] == nil else { return false }
        waiting[mail.key] = mail
        return true
    }

    /// The mails to send now, the longest due first; from here on they are under way.
    package mutating func next(now: Timestamp) -> [QueuedMail] {
        guard underWay.count < limits.underWayMax else { return [] }
        let due = waiting.values.filter { $0.dueAt <= now }.sorted {
            // Fewer attempts first: after a pause the first one is a probe, which one bad mail must not always be.
            ($0.isUrgent ? 0 : 1, $0.attempts, $0.dueAt, $0.key) < ($1.isUrgent ? 0 : 1, $1.attempts, $1.dueAt, $1.key)
        }
        var chosen: [QueuedMail] = []
        for mail in due where underWay.count < limits.underWayMax {
            guard mayStart(mail, now: now) else { continue }
            waiting[mail.key] = nil
            underWay[mail.key] = mail
            chosen.append(mail)
        }
        return chosen
    }

    /// When ``next(now:)`` may have more, if nothing else happens.
    package var wakesAt: Timestamp? {
        guard underWay.count < limits.underWayMax, !(server.isPaused && !underWay.isEmpty) else { return nil }
        return waiting.values.lazy.compactMap { mail in
            let pause = domains[mail.domain] ?? Pause()
            if pause.isPaused, isUnderWay(mail.domain) { return nil }
            return max(mail.dueAt, server.until, pause.until)
        }.min()
    }

    /// Notes what has become of an attempt.
    /// - Returns: nil for a mail that isn't under way.
    package mutating func settle(_ key: String, _ outcome: SMTPOutcome, now: Timestamp) -> Settlement? {
        guard let mail = underWay.removeValue(forKey: key) else { return nil }
        switch outcome {
        case .accepted:
            server = Pause()
            domains[mail.domain] = nil
            return .accepted
        case .refusedForGood(let refusal):
            server = Pause()
            // The domain has answered; it doesn't keep others waiting.
            domains[mail.domain] = nil
            return .bounced(reason: refusal.description)
        case .refusedForNow(let refusal):
            if refusal.code == SMTPRefusal.serviceUnavailable, !refusal.isOfRecipient {
                pauseServer(now: now)
                return again(mail, reason: refusal.description, now: now)
            }
            server = Pause()
            if refusal.code == SMTPRefusal.serviceUnavailable { pauseDomain(mail.domain, now: now) }
            return again(mail, reason: refusal.description, now: now)
        case .unknown(let reason): return again(mail, reason: reason, now: now)
        case .unreachable(let reason):
            pauseServer(now: now)
            return again(mail, reason: reason, now: now, isCounted: false)
        }
    }

    /// Tries a mail later that lacks something. The server has no part in that.
    /// - Parameter mail: of this queue, or none of its mails.
    package mutating func putOff(_ mail: QueuedMail, reason: String, now: Timestamp) -> Settlement {
        drop(mail.key)
        guard now < mail.keepUntil else { return .bounced(reason: reason) }
        var mail = mail
        mail.attempts += 1
        let pause = doubled(limits.missingSeconds, times: mail.attempts - 1, most: limits.missingSecondsMax)
        mail.dueAt = now.adding(seconds: pause)
        return .again(mail, reason: reason)
    }

    /// Knows nothing of a mail any more, whatever it was doing.
    package mutating func drop(_ key: String) {
        waiting[key] = nil
        underWay[key] = nil
    }

    private func mayStart(_ mail: QueuedMail, now: Timestamp) -> Bool {
        guard server.until <= now, !(server.isPaused && !underWay.isEmpty) else { return false }
        guard let pause = domains[mail.domain] else { return true }
        return pause.until <= now && !isUnderWay(mail.domain)
    }

    private func isUnderWay(_ domain: String) -> Bool { underWay.values.contains { $0.domain == domain } }

    private mutating func again(
        _ mail: QueuedMail, reason: String, now: Timestamp, isCounted: Bool = true
    ) -> Settlement {
        guard now < mail.keepUntil else { return .bounced(reason: reason) }
        var mail = mail
        if isCounted { mail.attempts += 1 }
        let pause = isCounted ? doubled(limits.pauseSeconds, times: mail.attempts - 1, most: limits.pauseSecondsMax) : 0
        mail.dueAt = now.adding(seconds: pause)
        waiting[mail.key] = mail
        return .again(mail, reason: reason)
    }

    private mutating func pauseServer(now: Timestamp) {
        // Those that were under way together fail together, and are one absence.
        guard server.until <= now else { return }
        server.lengthen(now: now, first: limits.absenceSeconds, most: limits.absenceSecondsMax)
    }

    private mutating func pauseDomain(_ domain: String, now: Timestamp) {
        var pause = domains[domain] ?? Pause()
        guard pause.until <= now else { return }
        pause.lengthen(now: now, first: limits.pauseSeconds, most: limits.pauseSecondsMax)
        // Only the domains of mails that wait here, so no more than they.
        domains = domains.filter { entry in
            entry.value.until > now || waiting.values.contains { $0.domain == entry.key }
        }
        domains[domain] = pause
    }
}

/// For how long nothing is sent somewhere. When it is over a single mail goes ahead to see.
private struct Pause: Hashable, Sendable {
    var times = 0
    var until = Timestamp(milliseconds: .min)

    /// Whether nobody has got through yet since it began.
    var isPaused: Bool { times > 0 }

    mutating func lengthen(now: Timestamp, first: Int, most: Int) {
        until = now.adding(seconds: doubled(first, times: times, most: most))
        times += 1
    }
}

/// `first` doubled so many times, at most `most`.
private func doubled(_ first: Int, times: Int, most: Int) -> Int {
    times >= 20 ? most : min(most, first << max(0, times))
}
