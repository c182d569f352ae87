import OnsaleBus
import OnsaleMigrations
import OnsaleTables
import OnsaleValues

/// What a worker has to note of a mail.
enum MailNote: Sendable {
    case sent(MailStore.Entry, MailLanguage)
    case bounced(MailStore.Entry, reason: String)
    /// It is tried again; nobody else may take it meanwhile if it is kept.
    case again(QueuedMail, reason: String, MailStore.Need?, isKept: Bool)
    /// Nothing has been done with it.
    case untouched(String)
}

/// Notes what has become of mails, and says so, in one commit.
struct MailLedger: Sendable {
    let token: String
    /// Whether the store shows what was sent.
    let keepsSecrets: Bool

    /// - Returns: how many events there are to publish.
    func write(_ notes: [MailNote], now: Timestamp, in session: any SQLSession) throws -> Int {
        var said = 0
        var tallies: [MailStore.State: Int] = [:]
        for note in notes {
            switch note {
            case .sent(let entry, let language):
                guard
                    try MailStore.end(
                        entry.key, .sent, reason: nil, language: language, keepsSecret: keepsSecrets, now: now,
                        in: session)
                else { break }
                tallies[.sent, default: 0] += 1
                if try say(.mailSent, entry, nil, now, in: session) { said += 1 }
            case .bounced(let entry, let reason):
                guard try MailStore.end(entry.key, .bounced, reason: clean(reason), now: now, in: session) else {
                    break
                }
                tallies[.bounced, default: 0] += 1
                if try say(.mailBounced, entry, clean(reason), now, in: session) { said += 1 }
            case .again(let mail, let reason, let need, let isKept):
                try MailStore.putOff(
                    mail, reason: clean(reason), need: need, by: token, isKept: isKept, in: session)
            case .untouched(let key): try MailStore.giveBack(key, by: token, in: session)
            }
        }
        let expired = try MailStore.expire(now: now, in: session)
        if expired > 0 { tallies[.bounced, default: 0] += expired }
        // In their order, so that two processes don't wait for each other.
        for (state, count) in tallies.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            try MailStore.tally(count, state, in: session)
        }
        return said
    }

    private static let reasonBytesMax = 500

    /// A server's words, as a text that tables and messages take.
    private func clean(_ reason: String) -> String {
        AddressMask.masked(HeaderText.clean(reason)).prefix(utf8: MailLedger.reasonBytesMax)
    }

    /// - Returns: whether it is of an order: nobody hears of others.
    private func say(
        _ type: EventType, _ entry: MailStore.Entry, _ reason: String?, _ now: Timestamp, in session: any SQLSession
    ) throws -> Bool {
        guard let cause = entry.cause, let event = entry.event, let order = entry.order else { return false }
        let message = MailMessage(
            event: event, order: order, buyer: entry.buyer.text, kind: entry.kind.rawValue,
            mail: entry.messageID.description, reason: reason)
        try Outbox.add(
            CloudEvent(
                id: cause.id, type: type, subject: order, time: now, key: event, traceparent: cause.traceparent,
                data: Array(try message.json.utf8)), in: session)
        return true
    }
}
