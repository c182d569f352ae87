import OnsaleValues

extension MailWorker {
    /// What a worker has in memory: never more mails than the queue's limit.
    struct State {
        /// Names the worker in the store.
        let token: String
        var queue: MailQueue
        var clock = TablesClock(now: Timestamp(milliseconds: 0), at: .now)
        /// The mails of the queue.
        private(set) var taken: [String: TakenMail] = [:]
        /// Those whose addresses are being looked for.
        var searched: [String: MailStore.Standing] = [:]
        var loaded: [MailStore.Standing] = []
        /// What is still to be noted.
        var notes: [MailNote] = []
        var renewAt = ContinuousClock.now
        /// Late mails wait until then.
        var restsUntil = ContinuousClock.now
        var mayLoadMore = false
        var failures = 0
        private let mailsMax: Int

        init(_ limits: MailQueueLimits) {
            queue = MailQueue(limits)
            mailsMax = limits.mailsMax
            token = String(UInt64.random(in: 0 ... .max), radix: 36)
        }

        /// How many mails to take: none as long as there are enough, so that they aren't taken one by one.
        var roomToLoad: Int {
            let room = queue.room - searched.count
            return room >= (mailsMax + 1) / 2 ? room : 0
        }

        /// Takes what the tasks have found out.
        mutating func take(_ reports: [Reports.Report], _ status: MailStatus) {
            let now = clock.now
            for report in reports {
                switch report {
                case .searched(let found):
                    for (mail, search) in found where searched.removeValue(forKey: mail.entry.key) != nil {
                        take(mail, search, now: now)
                    }
                case .attempted(let mail, let queued, let result):
                    taken[queued.key] = nil
                    take(mail, queued, result, status, now: now)
                }
            }
        }

        private mutating func take(_ mail: MailStore.Standing, _ search: AddressSearch, now: Timestamp) {
            switch search {
            case .found(let contact):
                let found = TakenMail(standing: mail, contact: contact, foundAt: .now)
                if queue.add(found.queued) {
                    taken[mail.entry.key] = found
                } else {
                    notes.append(.untouched(mail.entry.key))
                }
            case .gone: notes.append(.bounced(mail.entry, reason: MailAttempt.noAddress))
            case .failed(let reason):
                note(queue.putOff(mail.queued(to: ""), reason: reason, now: now), mail, .address)
            }
        }

        private mutating func take(
            _ mail: TakenMail, _ queued: QueuedMail, _ result: AttemptResult, _ status: MailStatus, now: Timestamp
        ) {
            switch result {
            case .tried(let outcome, let language):
                status.server(outcome, now: now)
                guard let settlement = queue.settle(queued.key, outcome, now: now) else {
                    // It was another's by then, and has been sent all the same.
                    if outcome == .accepted { notes.append(.sent(mail.standing.entry, language)) }
                    return
                }
                guard settlement != .accepted else { return notes.append(.sent(mail.standing.entry, language)) }
                note(settlement, mail.standing, nil, mail)
            case .lacks(let need, let reason):
                note(queue.putOff(queued, reason: reason, now: now), mail.standing, need)
            case .unfit(let reason):
                queue.drop(queued.key)
                notes.append(.bounced(mail.standing.entry, reason: reason))
            case .interrupted:
                queue.drop(queued.key)
                notes.append(.untouched(queued.key))
            }
        }

        private mutating func note(
            _ settlement: MailQueue.Settlement, _ mail: MailStore.Standing, _ need: MailStore.Need?,
            _ taken: TakenMail? = nil
        ) {
            switch settlement {
            case .accepted: break
            case .bounced(let reason): notes.append(.bounced(mail.entry, reason: reason))
            case .again(let next, let reason):
                // What is due at once waits here for the server; the store keeps the rest until then.
                let isKept = taken != nil && next.dueAt <= clock.now
                if isKept { self.taken[next.key] = taken } else { queue.drop(next.key) }
                notes.append(.again(next, reason: reason, need, isKept: isKept))
            }
        }

        /// A mail that the queue wants to be sent; nil if it can be no more.
        mutating func mail(_ next: QueuedMail, now: Timestamp) -> TakenMail? {
            guard let mail = taken[next.key] else {
                queue.drop(next.key)
                return nil
            }
            guard mail.standing.entry.secret == nil || now < next.keepUntil else {
                taken[next.key] = nil
                queue.drop(next.key)
                notes.append(.bounced(mail.standing.entry, reason: MailStore.expired))
                return nil
            }
            return mail
        }

        /// Forgets what isn't this worker's any more, or was withdrawn.
        mutating func keepOnly(_ keys: Set<String>) {
            for key in taken.keys where !keys.contains(key) {
                taken[key] = nil
                queue.drop(key)
            }
            for key in searched.keys where !keys.contains(key) { searched[key] = nil }
            // Taken by a commit of which nobody heard.
            for key in keys where taken[key] == nil && searched[key] == nil { notes.append(.untouched(key)) }
        }
    }
}
