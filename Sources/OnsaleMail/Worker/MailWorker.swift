import Logging
import OnsaleMigrations
import OnsaleTables
import OnsaleValues
import Synchronization

/// Sends the mails of the store: takes those that are due, tries them several at once, and notes what has become of them,
/// many in one commit. A crash between the two means that a mail is sent again, under the same Message-ID.
struct MailWorker: Sendable {
    /// How often to look for mails that nobody has rung for.
    private static let lookSeconds = 1
    private static let pauseMillisecondsMax = 10_000
    /// About the processor time of a mail.
    private static let mailTime = Duration.milliseconds(1)

    let tables: any Tables
    let attempt: MailAttempt
    let limits: MailQueueLimits
    /// How long what it takes is its own, unless it says so again.
    let leaseSeconds: Int
    let status: MailStatus
    /// Rings when there may be a mail to send.
    let bell: Doorbell
    /// Rung when there is something to publish.
    let outbox: Doorbell
    let logger: Logger

    /// Works until the task is cancelled, and ends the transport.
    func run() async {
        var state = State(limits)
        let reports = Reports()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let rings = bell.rings
                state.take(reports.takeAll(), status)
                do {
                    try await commit(&state)
                    state.failures = 0
                    status.tables(nil)
                } catch {
                    if Task.isCancelled { break }
                    state.failures += 1
                    status.tables("\(error)")
                    logger.warning(
                        "The mail service's tables can't be used; what was sent is noted later",
                        metadata: ["error": "\(error)", "attempt": "\(state.failures)"])
                    let pause = min(MailWorker.pauseMillisecondsMax, 100 << min(state.failures, 10))
                    try? await Task.sleep(for: .milliseconds(pause))
                    continue
                }
                start(&state, &group, reports)
                // Otherwise there was a full load, and more may be due.
                if !state.mayLoadMore { await rest(state, after: rings) }
            }
            await attempt.transport.stop()
        }
        state.take(reports.takeAll(), status)
        await finish(&state)
    }

    private func rest(_ state: State, after rings: UInt64) async {
        let now = state.clock.now
        let wake = min(
            state.queue.wakesAt ?? now.adding(seconds: MailWorker.lookSeconds),
            now.adding(seconds: MailWorker.lookSeconds))
        let pause = max(1, wake.milliseconds - now.milliseconds)
        try? await bell.wait(after: rings, atMost: .milliseconds(pause))
    }

    /// Notes what has become of mails, keeps what it has, and takes more, in one transaction.
    private func commit(_ state: inout State) async throws {
        state.mayLoadMore = false
        let instant = ContinuousClock.now
        let renews = state.renewAt <= instant
        let room = state.roomToLoad
        guard !state.notes.isEmpty || renews || room > 0 else { return }
        let (notes, tables, ledger) = (state.notes, tables, MailLedger(token: state.token, keepsSecrets: keepsSecrets))
        let (token, leaseSeconds) = (state.token, leaseSeconds)
        // Nobody waits for what is late already.
        let leavesLate = state.restsUntil > instant
        let done = try await tables.write { session in
            let now = Timestamp(milliseconds: try tables.now(in: session))
            let until = now.adding(seconds: leaseSeconds)
            let said = try ledger.write(notes, now: now, in: session)
            let kept = renews ? try MailStore.renew(token, until: until, in: session) : nil
            let loaded =
                room > 0
                ? try MailStore.take(
                    limit: room,
                    dueSince: leavesLate ? Timestamp(milliseconds: Leftover.lateBefore(at: now.milliseconds)) : nil,
                    now: now, by: token, until: until, in: session) : []
            return Done(now: now, said: said, kept: kept, loaded: loaded)
        }
        if done.said > 0 { outbox.ring() }
        state.notes = []
        state.clock = TablesClock(now: done.now, at: .now)
        if renews { state.renewAt = instant + .milliseconds(leaseSeconds * 1000 / 3) }
        if let kept = done.kept { state.keepOnly(kept) }
        state.loaded = done.loaded
        let late = done.loaded.count { $0.dueAt.milliseconds < Leftover.lateBefore(at: done.now.milliseconds) }
        if late > 0 { state.restsUntil = instant + Leftover.shared.pause(after: MailWorker.mailTime * late) }
        state.mayLoadMore = room > 0 && done.loaded.count == room
    }

    private var keepsSecrets: Bool { attempt.transport.isForShow }

    private struct Done: Sendable {
        let now: Timestamp
        let said: Int
        let kept: Set<String>?
        let loaded: [MailStore.Standing]
    }

    /// Looks for the addresses of what was loaded, and tries what is due.
    private func start(_ state: inout State, _ group: inout DiscardingTaskGroup, _ reports: Reports) {
        let (attempt, bell) = (attempt, bell)
        if !state.loaded.isEmpty {
            let loaded = state.loaded
            state.loaded = []
            for mail in loaded { state.searched[mail.entry.key] = mail }
            group.addTask {
                reports.add(.searched(await attempt.search(loaded)))
                bell.ring()
            }
        }
        for next in state.queue.next(now: state.clock.now) {
            guard let mail = state.mail(next, now: state.clock.now) else { continue }
            group.addTask {
                reports.add(.attempted(mail, next, await attempt.send(mail)))
                bell.ring()
            }
        }
    }

    /// Notes the last outcomes, and gives back the rest.
    private func finish(_ state: inout State) async {
        let (notes, tables, token) = (state.notes, tables, state.token)
        let ledger = MailLedger(token: token, keepsSecrets: keepsSecrets)
        do {
            let said = try await tables.write { session in
                let now = Timestamp(milliseconds: try tables.now(in: session))
                let said = try ledger.write(notes, now: now, in: session)
                try MailStore.release(token, in: session)
                return said
            }
            if said > 0 { outbox.ring() }
        } catch {
            logger.warning(
                "What has become of the last mails couldn't be noted; they may be sent again, under the same names",
                metadata: ["error": "\(error)", "mails": "\(notes.count)"])
        }
    }
}

/// What the worker's tasks have found out. A class because they share it.
final class Reports: Sendable {
    enum Report: Sendable {
        case searched([(MailStore.Standing, AddressSearch)])
        case attempted(TakenMail, QueuedMail, AttemptResult)
    }

    private let reports = Mutex<[Report]>([])

    func add(_ report: Report) { reports.withLock { $0.append(report) } }

    func takeAll() -> [Report] {
        reports.withLock { reports in
            defer { reports = [] }
            return reports
        }
    }
}

/// The tables' clock, between two looks at it.
struct TablesClock: Sendable {
    private let base: Timestamp
    private let at: ContinuousClock.Instant

    init(now: Timestamp, at instant: ContinuousClock.Instant) {
        base = now
        at = instant
    }

    var now: Timestamp {
        let (seconds, attoseconds) = (ContinuousClock.now - at).components
        return Timestamp(milliseconds: base.milliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
