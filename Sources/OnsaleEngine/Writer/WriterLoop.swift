import Logging
import OnsaleCorrelation
import OnsaleSale
import OnsaleValues

/// Writes all events, one turn at a time: takes requests from the inboxes, decides them, appends all facts in one
/// transaction with one sync, and only then answers.
///
/// It starts no thread and reads no clock. Mail, time, journal and randomness come from outside, so a test can drive it
/// just as ``WriterThread`` does in the program.
final class WriterLoop {
    private let journal: any EventStore
    private let limits: EngineLimits
    private let logger: Logger
    private let directory: EventDirectory
    private let housekeeping: Housekeeping
    private let followers: [any Follower]
    private let observer: any LoopObserver
    private let seed: () -> [UInt8]
    private let fatal: (String) -> Void

    private var writers: [String: EventWriter] = [:]
    /// Events whose inbox was not emptied in the last turn.
    private var unfinished: [EventHandle] = []
    /// Set while the disk is full: changes are refused at once, and an append is tried once a second.
    private var fullUntil: Timestamp?
    private var nextSweep = Timestamp(milliseconds: .min)
    private var reconciler = Reconciler()
    /// Nobody knows what is on disk, so the loop does nothing any more.
    private var hasFailed = false

    /// - Parameters:
    ///   - directory: where the loop publishes which events are available.
    ///   - seed: makes the secret of a draw: ``Draw/seedBytes`` random bytes.
    ///   - fatal: must end the process; called with the reason when a write's outcome is unknown.
    init(
        journal: any EventStore, limits: EngineLimits, logger: Logger, directory: EventDirectory,
        housekeeping: Housekeeping, followers: [any Follower], observer: any LoopObserver = NoLoopObserver(),
        seed: @escaping () -> [UInt8], fatal: @escaping (String) -> Void
    ) {
        self.journal = journal
        self.limits = limits
        self.logger = logger
        self.directory = directory
        self.housekeeping = housekeeping
        self.followers = followers
        self.observer = observer
        self.seed = seed
        self.fatal = fatal
    }

    /// Whether a change found the disk full lately. Without changes nobody tries again, so this doesn't last.
    func isFull(at now: Timestamp) -> Bool {
        fullUntil.map { now < $0.adding(seconds: WriterLoop.fullSeconds) } ?? false
    }

    private static let fullSeconds = 5

    // MARK: A turn

    /// Does everything there is to do now.
    /// - Returns: whether there was anything to do.
    func turn(_ mail: consuming Mailbox.Mail, now: Timestamp) -> Bool {
        guard !hasFailed else { return false }
        for arrival in mail.arrivals { admit(arrival, now: now) }
        let hasArrivals = !mail.arrivals.isEmpty
        // Drop the arrivals, so a loaded state has only one owner and its first change doesn't copy it.
        mail.arrivals.removeAll()
        let hasWritten = write(mail.ready, now: now)
        if now >= nextSweep {
            nextSweep = now.adding(seconds: 1)
            housekeeping.takeSnapshots(of: inOrder, now: now)
            for writer in housekeeping.idle(inOrder, now: now) { writers[writer.handle.id] = nil }
        }
        for task in reconciler.overdue(inOrder, now: now) {
            for follower in followers { follower.remind(of: task) }
        }
        return hasWritten || hasArrivals
    }

    /// When it next has something to do without mail; at most a second from now.
    func nextDue(now: Timestamp) -> Timestamp {
        if !unfinished.isEmpty, !hasFailed { return now }
        let soon = now.adding(seconds: 1)
        // While the disk is full, nothing due can be done.
        if let fullUntil, fullUntil > now { return min(soon, fullUntil) }
        return min(soon, writers.values.compactMap { $0.nextDue() }.min() ?? soon)
    }

    /// Sorted by name, so the same mail always has the same effect.
    private var inOrder: [EventWriter] { writers.values.sorted { $0.handle.id < $1.handle.id } }

    private func admit(_ arrival: Mailbox.Arrival, now: Timestamp) {
        switch arrival {
        case .loaded(let handle, let recovered):
            writers[handle.id] = EventWriter(handle: handle, recovered: recovered, now: now)
            directory.publish(handle)
            for follower in followers { follower.resume(recovered.partition, at: recovered.head) }
        case .created(let handle, let partition, let reply):
            writers[handle.id] = EventWriter(handle: handle, creating: partition, now: now, reply: reply)
        case .snapshotTaken(let event, let sequence):
            guard let writer = writers[event] else { return }
            housekeeping.noteSnapshot(of: writer, sequence: sequence, now: now)
        case .drain:
            for writer in writers.values { writer.drain() }
        }
    }

    /// Decides and appends one batch over all events with something to do.
    private func write(_ ready: [EventHandle], now: Timestamp) -> Bool {
        let told = Set((ready + unfinished).map(\.id))
        unfinished.removeAll(keepingCapacity: true)
        var busy = writers.values.filter { writer in
            told.contains(writer.handle.id) || writer.isNew || writer.nextDue().map { $0 <= now } ?? false
        }.sorted { $0.handle.id < $1.handle.id }
        let isFull = fullUntil.map { now < $0 } ?? false
        var hasWorked = false
        var depths = [Int](repeating: 0, count: Lane.allCases.count)
        let batch = busy.map { writer in
            let (envelopes, isMoreWaiting) = writer.handle.take(&depths)
            hasWorked = hasWorked || !envelopes.isEmpty
            if isMoreWaiting { unfinished.append(writer.handle) }
            return envelopes
        }
        observer.batchBegins(depths: depths)
        for (writer, envelopes) in zip(busy, batch) {
            guard !isFull else {
                writer.refuseChanges(envelopes)
                if writer.isNew { dismiss(writer, .storageFull) }
                continue
            }
            writer.apply(envelopes, now: now, seed: seed)
        }
        guard !isFull else { return hasWorked }
        observer.batchIsDecided()
        busy.removeAll { writer in
            guard let fault = writer.fault else { return false }
            takeOutOfService(writer, fault)
            return true
        }
        return append(busy, now: now) || hasWorked
    }

    private func append(_ busy: [EventWriter], now: Timestamp) -> Bool {
        var busy = busy
        let hasAnswers = busy.contains(where: \.hasAnswers)
        while true {
            let rows = busy.compactMap(\.row)
            do {
                if !rows.isEmpty { try journal.append(rows) }
                if !rows.isEmpty, fullUntil != nil {
                    fullUntil = nil
                    logger.notice("The disk has room again; changes are accepted")
                }
                complete(busy, rows)
                return !rows.isEmpty || hasAnswers
            } catch JournalError.full {
                if fullUntil == nil { logger.error("The disk is full; changes are refused until there is room") }
                fullUntil = now.adding(seconds: 1)
                for writer in busy { retreat(writer) }
                return true
            } catch JournalError.notAtHead(let partition) {
                guard let index = busy.firstIndex(where: { $0.handle.id == partition }) else {
                    fail("the journal refused rows of an event that was not in the batch: \(partition)")
                    return true
                }
                // The rest of the batch goes on.
                depose(busy.remove(at: index))
            } catch {
                fail("the journal could not be written: \(error)")
                return true
            }
        }
    }

    private func complete(_ busy: [EventWriter], _ rows: [JournalRow]) {
        let waits = busy.flatMap(\.waits)
        let traced = waits.lazy.compactMap(\.context).prefix(BatchSummary.waitsMax)
        let span =
            waits.isEmpty ? nil : TraceContext(traceID: .random(), spanID: .random(in: 1 ... .max), isSampled: true)
        observer.batchIsDurable(
            BatchSummary(
                requests: busy.reduce(0) { $0 + $1.answers }, rows: rows.count,
                facts: rows.reduce(0) { $0 + Int($1.count) }, span: span, waits: Array(traced)))
        if let span { for wait in waits { wait.end(in: span) } }
        for writer in busy { complete(writer) }
    }

    /// Publishes the batch, which is now on disk, answers everyone in it and tells the followers.
    private func complete(_ writer: EventWriter) {
        let isNew = writer.isNew
        let committed = writer.commit()
        if isNew { directory.publish(writer.handle) }
        writer.answer()
        guard let committed else { return }
        for follower in followers { follower.follow(committed, in: writer.partition) }
    }

    // MARK: Failures

    private func fail(_ reason: String) {
        hasFailed = true
        fatal(reason)
    }

    /// Replaces the state, which is ahead of the full disk, with the one on disk.
    private func retreat(_ writer: EventWriter) {
        let hadChanges = writer.row != nil
        guard !writer.isNew else { return dismiss(writer, .storageFull) }
        writer.fail(.storageFull)
        guard hadChanges else { return }
        do {
            writer.reload(try Recovery.recover(writer.handle.id, from: journal))
        } catch {
            fail("event \(writer.handle.id) could not be read back after a full disk: \(error)")
        }
    }

    /// Drops a writer and tells everyone waiting for it why.
    private func dismiss(_ writer: EventWriter, _ error: EngineError) {
        writers[writer.handle.id] = nil
        writer.fail(error)
        for envelope in writer.handle.close() { envelope.refuse(error) }
    }

    /// Stops one event because of a bug; the others go on selling.
    private func takeOutOfService(_ writer: EventWriter, _ fault: String) {
        logger.critical(
            "Event is out of service: a bug made a decision contradict the event's state; its batch was discarded",
            metadata: ["event": "\(writer.handle.id)", "error": "\(fault)"])
        close(writer)
    }

    /// Stops an event whose journal another process has written: the state in memory differs from the one on disk.
    private func depose(_ writer: EventWriter) {
        logger.critical(
            "Event is out of service: another process has written its journal; its batch was discarded",
            metadata: ["event": "\(writer.handle.id)"])
        close(writer)
    }

    private func close(_ writer: EventWriter) {
        directory.takeOutOfService(writer.handle.id)
        dismiss(writer, .outOfService)
        for follower in followers { follower.leave(writer.handle.id) }
    }

    /// Answers everyone still waiting and saves snapshots.
    func finish() {
        directory.shutDown()
        for writer in inOrder {
            dismiss(writer, .shuttingDown)
            housekeeping.putAway(writer)
        }
        housekeeping.wait()
    }
}
