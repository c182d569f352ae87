import Logging
import OnsaleSale
import OnsaleValues

/// Writes events, a turn at a time: takes what waits in the inboxes, decides, appends everything in one transaction with
/// one sync, and only then answers.
///
/// It starts no thread and reads no clock: mail, time, journal and randomness come from outside, so that a test drives it
/// as the program's thread does (``WriterThread``).
final class WriterLoop {
    private let journal: any EventStore
    private let limits: EngineLimits
    private let logger: Logger
    private let directory: EventDirectory
    private let housekeeping: Housekeeping
    private let followers: [any Follower]
    private let seed: () -> [UInt8]
    private let fatal: (String) -> Void

    private var writers: [String: EventWriter] = [:]
    /// Events of which a turn has left something in the inbox.
    private var unfinished: [EventHandle] = []
    /// While the disk is full, changes are refused at once and room is looked for once a second.
    private var fullUntil: Timestamp?
    private var nextSweep = Timestamp(milliseconds: .min)
    private var reconciler = Reconciler()
    /// It is unknown what is on disk: nothing is done any more.
    private var hasFailed = false

    /// - Parameters:
    ///   - directory: told which events are to be had.
    ///   - seed: gives the secret of a draw, ``Draw/seedBytes`` random bytes.
    ///   - fatal: ends the process; called when a write's outcome is unknown.
    init(
        journal: any EventStore, limits: EngineLimits, logger: Logger, directory: EventDirectory,
        housekeeping: Housekeeping, followers: [any Follower], seed: @escaping () -> [UInt8],
        fatal: @escaping (String) -> Void
    ) {
        self.journal = journal
        self.limits = limits
        self.logger = logger
        self.directory = directory
        self.housekeeping = housekeeping
        self.followers = followers
        self.seed = seed
        self.fatal = fatal
    }

    // MARK: A turn

    /// Does everything that there is to do now.
    /// - Returns: whether there was anything.
    func turn(_ mail: consuming Mailbox.Mail, now: Timestamp) -> Bool {
        guard !hasFailed else { return false }
        for arrival in mail.arrivals { admit(arrival, now: now) }
        let hasArrivals = !mail.arrivals.isEmpty
        // A state that has just been loaded is held by nobody else when it is first changed.
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

    /// When it has something to do by itself, a second from now at most.
    func nextDue(now: Timestamp) -> Timestamp {
        if !unfinished.isEmpty, !hasFailed { return now }
        let soon = now.adding(seconds: 1)
        // On a full disk nothing that is due can be done.
        if let fullUntil, fullUntil > now { return min(soon, fullUntil) }
        return min(soon, writers.values.compactMap { $0.nextDue() }.min() ?? soon)
    }

    /// By name, so that the same mail has the same effect every time.
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

    /// One batch over all events that have something to do.
    private func write(_ ready: [EventHandle], now: Timestamp) -> Bool {
        let told = Set((ready + unfinished).map(\.id))
        unfinished.removeAll(keepingCapacity: true)
        var busy = writers.values.filter { writer in
            told.contains(writer.handle.id) || writer.isNew || writer.nextDue().map { $0 <= now } ?? false
        }.sorted { $0.handle.id < $1.handle.id }
        let isFull = fullUntil.map { now < $0 } ?? false
        var hasWorked = false
        for writer in busy {
            let (envelopes, isMoreWaiting) = writer.handle.take()
            hasWorked = hasWorked || !envelopes.isEmpty
            if isMoreWaiting { unfinished.append(writer.handle) }
            guard !isFull else {
                writer.refuseChanges(envelopes)
                if writer.isNew { dismiss(writer, .storageFull) }
                continue
            }
            writer.apply(envelopes, now: now, seed: seed)
        }
        guard !isFull else { return hasWorked }
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
                    logger.notice("The disk has room again; changes are taken")
                }
                for writer in busy { complete(writer) }
                return !rows.isEmpty || hasAnswers
            } catch JournalError.full {
                if fullUntil == nil { logger.error("The disk is full; changes are refused until there is room") }
                fullUntil = now.adding(seconds: 1)
                for writer in busy { retreat(writer) }
                return true
            } catch JournalError.notAtHead(let partition) {
                guard let index = busy.firstIndex(where: { $0.handle.id == partition }) else {
                    fail("the journal refuses rows of an event that were not given to it: \(partition)")
                    return true
                }
                // The others of the batch go on.
                depose(busy.remove(at: index))
            } catch {
                fail("the journal could not be written: \(error)")
                return true
            }
        }
    }

    /// The batch is on disk.
    private func complete(_ writer: EventWriter) {
        let isNew = writer.isNew
        let committed = writer.commit()
        if isNew { directory.publish(writer.handle) }
        writer.answer()
        guard let committed else { return }
        for follower in followers { follower.follow(committed, in: writer.partition) }
    }

    // MARK: What goes wrong

    private func fail(_ reason: String) {
        hasFailed = true
        fatal(reason)
    }

    /// Drops the state that is ahead of the disk and takes the one that is on it.
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

    /// Lets go of a writer; everyone who waits for it is told why.
    private func dismiss(_ writer: EventWriter, _ error: EngineError) {
        writers[writer.handle.id] = nil
        writer.fail(error)
        for envelope in writer.handle.close() { envelope.fail(error) }
    }

    /// A bug in one event must not end the others' sale.
    private func takeOutOfService(_ writer: EventWriter, _ fault: String) {
        logger.critical(
            "An event is out of service: a decision contradicts its own state. Nothing of the batch was kept",
            metadata: ["event": "\(writer.handle.id)", "error": "\(fault)"])
        close(writer)
    }

    /// Somebody else has written the event's journal: what this process knows of it is not what is on disk.
    private func depose(_ writer: EventWriter) {
        logger.critical(
            "An event is out of service: somebody else has written its journal. Nothing of the batch was kept",
            metadata: ["event": "\(writer.handle.id)"])
        close(writer)
    }

    private func close(_ writer: EventWriter) {
        directory.takeOutOfService(writer.handle.id)
        dismiss(writer, .outOfService)
        for follower in followers { follower.leave(writer.handle.id) }
    }

    /// Answers whoever still waits, and puts everything away.
    func finish() {
        directory.shutDown()
        for writer in inOrder {
            dismiss(writer, .shuttingDown)
            housekeeping.putAway(writer)
        }
        housekeeping.wait()
    }
}
