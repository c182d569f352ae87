import Foundation
import Logging
import OnsaleSale
import OnsaleValues
import Synchronization

/// The thread on which events are written: it takes what waits in the inboxes, decides, appends everything in one
/// transaction with one sync, and only then answers. While a batch syncs the next one gathers.
final class EngineLoop: Sendable {
    /// What reaches the loop from other threads.
    enum Arrival: Sendable {
        case loaded(EventHandle, RecoveredPartition)
        case created(EventHandle, Partition, EventWriter.Created)
        case snapshotTaken(event: String, sequence: UInt64?)
        /// Nobody is kept waiting for an order any longer.
        case hurry
    }

    private struct Mail {
        var ready: [EventHandle] = []
        var arrivals: [Arrival] = []
        var isSleeping = false
        var isStopping = false
        var hasEnded = false
    }

    private let journal: any Journal
    private let clock: any WallClock
    private let limits: EngineLimits
    private let logger: Logger
    private let effects: @Sendable (PaymentTask) -> Void
    private let remind: @Sendable (PaymentTask) -> Void
    private let directory: EventDirectory
    private let reload: @Sendable (String) -> Void
    private let fatal: @Sendable (String) -> Void
    private let mail = Mutex(Mail())
    private let turnCount = Atomic<Int>(0)
    private let bell = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let snapshots = DispatchQueue(label: "onsale.snapshots", qos: .utility)

    /// - Parameters:
    ///   - effects: takes what the provider must be asked, after the facts are on disk.
    ///   - remind: takes, now and then, what has stayed open for long: nobody may be working on it.
    ///   - directory: told which events are to be had.
    ///   - reload: has an event loaded that was wanted while it was put to rest.
    ///   - fatal: ends the process; called when a write's outcome is unknown.
    init(
        journal: any Journal, clock: any WallClock, limits: EngineLimits, logger: Logger, directory: EventDirectory,
        effects: @escaping @Sendable (PaymentTask) -> Void,
        remind: @escaping @Sendable (PaymentTask) -> Void,
        reload: @escaping @Sendable (String) -> Void,
        fatal: @escaping @Sendable (String) -> Void
    ) {
        self.journal = journal
        self.clock = clock
        self.limits = limits
        self.logger = logger
        self.effects = effects
        self.remind = remind
        self.directory = directory
        self.reload = reload
        self.fatal = fatal
    }

    func start() {
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.name = "onsale.writer"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Answers what waits, puts a snapshot of every event away and ends the thread.
    func stop() async {
        mail.withLock { $0.isStopping = true }
        bell.signal()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async { [self] in
                ended.wait()
                continuation.resume()
            }
        }
    }

    /// How often the loop has turned.
    var turns: Int { turnCount.load(ordering: .relaxed) }

    func deliver(_ arrival: Arrival) {
        let hasEnded = mail.withLock { $0.hasEnded }
        guard hasEnded else { return ring { $0.arrivals.append(arrival) } }
        refuse(arrival)
    }

    /// Nobody is there any more to take it.
    private func refuse(_ arrival: Arrival) {
        if case .created(_, _, let reply) = arrival { reply(.failure(.shuttingDown)) }
    }

    func tell(_ handle: EventHandle) {
        ring { $0.ready.append(handle) }
    }

    /// Changes the mail, and wakes the loop if it sleeps.
    private func ring(_ body: (inout Mail) -> Void) {
        let wasSleeping = mail.withLock { mail in
            body(&mail)
            defer { mail.isSleeping = false }
            return mail.isSleeping
        }
        if wasSleeping { bell.signal() }
    }

    // MARK: The thread

    /// Everything that is the thread's own.
    private struct Shift {
        var writers: [String: EventWriter] = [:]
        /// While the disk is full, changes are refused at once and room is looked for once a second.
        var fullUntil: Timestamp?
        var nextSweep: Timestamp
        var nextReconciliation: Timestamp
        /// Turns in a row that found nothing to do.
        var idleTurns = 0
    }

    private func run() {
        var shift = Shift(nextSweep: clock.now(), nextReconciliation: clock.now())
        while true {
            let (patience, isOverdue) = patience(shift)
            let taken = waitForMail(atMost: patience)
            turnCount.add(1, ordering: .relaxed)
            admit(taken.arrivals, &shift)
            let hasWorked = turn(ready: taken.ready, &shift)
            shift.idleTurns = hasWorked || !taken.arrivals.isEmpty || !isOverdue ? 0 : shift.idleTurns + 1
            if clock.now() >= shift.nextSweep {
                shift.nextSweep = clock.now().adding(seconds: 1)
                takeSnapshots(shift.writers)
                unloadIdle(&shift.writers)
            }
            if clock.now() >= shift.nextReconciliation {
                shift.nextReconciliation = clock.now().adding(seconds: EngineLoop.reconciliationSeconds)
                reconcile(shift.writers)
            }
            if taken.isStopping, taken.ready.isEmpty, taken.arrivals.isEmpty {
                finish(shift.writers)
                return
            }
        }
    }

    /// How long to wait for mail: until something is due, a second at most; and whether something should have been done
    /// already.
    private func patience(_ shift: Shift) -> (milliseconds: Int64, isOverdue: Bool) {
        let now = clock.now()
        var wake = now.adding(seconds: 1)
        // On a full disk nothing that is due can be done.
        if let fullUntil = shift.fullUntil, fullUntil > now {
            wake = min(wake, fullUntil)
        } else if let due = shift.writers.values.compactMap({ $0.nextDue() }).min() {
            wake = min(wake, due)
        }
        let patience = max(0, wake.milliseconds - now.milliseconds)
        // Something that is due and yet not done would have us turn for ever: ever rarer then.
        guard shift.idleTurns > EngineLoop.idleTurnsMax else { return (patience, patience == 0) }
        let pause = min(EngineLoop.idlePauseMillisecondsMax, Int64(shift.idleTurns - EngineLoop.idleTurnsMax))
        return (max(patience, pause), patience == 0)
    }

    private static let idleTurnsMax = 3
    private static let idlePauseMillisecondsMax: Int64 = 250

    private func waitForMail(atMost milliseconds: Int64) -> Mail {
        let mustWait = mail.withLock { mail in
            guard mail.ready.isEmpty, mail.arrivals.isEmpty, !mail.isStopping, milliseconds > 0 else { return false }
            mail.isSleeping = true
            return true
        }
        // Whoever is about to ask is let go first: on a busy machine a batch then holds more, and syncs are fewer.
        if !mustWait { sched_yield() }
        if mustWait { _ = bell.wait(timeout: .now() + .milliseconds(Int(milliseconds))) }
        return mail.withLock { mail in
            defer {
                mail.ready.removeAll(keepingCapacity: true)
                mail.arrivals.removeAll()
                mail.isSleeping = false
            }
            return mail
        }
    }

    private func admit(_ arrivals: [Arrival], _ shift: inout Shift) {
        for arrival in arrivals {
            switch arrival {
            case .loaded(let handle, let recovered):
                shift.writers[handle.id] = EventWriter(handle: handle, recovered: recovered, now: clock.now())
                directory.publish(handle)
                for var task in PaymentTask.all(in: recovered.partition) {
                    task.isResumed = true
                    effects(task)
                }
            case .created(let handle, let partition, let reply):
                shift.writers[handle.id] = EventWriter(
                    handle: handle, creating: partition, now: clock.now(), reply: reply)
            case .snapshotTaken(let event, let sequence):
                shift.writers[event]?.isSnapshotInProgress = false
                if let sequence {
                    shift.writers[event]?.snapshotTaken(at: sequence)
                } else {
                    shift.writers[event]?.nextSnapshot = clock.now().adding(seconds: EngineLoop.snapshotRetrySeconds)
                }
            case .hurry:
                for writer in shift.writers.values { writer.hurry() }
            }
        }
    }

    /// One batch over all events that have something to do.
    /// - Returns: whether anything was done.
    private func turn(ready: [EventHandle], _ shift: inout Shift) -> Bool {
        let now = clock.now()
        let told = Set(ready.map(\.id))
        var busy = shift.writers.values.filter { writer in
            told.contains(writer.handle.id) || writer.isNew || writer.nextDue().map { $0 <= now } ?? false
        }
        let isFull = shift.fullUntil.map { now < $0 } ?? false
        var hasWorked = false
        for writer in busy {
            let (envelopes, isMoreWaiting) = writer.handle.take()
            hasWorked = hasWorked || !envelopes.isEmpty
            if isMoreWaiting { mail.withLock { $0.ready.append(writer.handle) } }
            guard !isFull else {
                writer.refuseChanges(envelopes)
                if writer.isNew { dismiss(writer, .storageFull, &shift.writers) }
                continue
            }
            writer.apply(envelopes, now: now)
        }
        guard !isFull else { return hasWorked }
        busy.removeAll { writer in
            guard let fault = writer.fault else { return false }
            takeOutOfService(writer, fault, &shift.writers)
            return true
        }
        do {
            let rows = busy.compactMap(\.row)
            if !rows.isEmpty {
                hasWorked = true
                try journal.append(rows)
                if shift.fullUntil != nil {
                    shift.fullUntil = nil
                    logger.notice("The disk has room again; changes are taken")
                }
            }
            for writer in busy {
                let isNew = writer.isNew
                hasWorked = hasWorked || writer.hasAnswers
                writer.complete(effects: effects, isPublished: { if isNew { directory.publish(writer.handle) } })
            }
        } catch JournalError.full {
            if shift.fullUntil == nil { logger.error("The disk is full; changes are refused until there is room") }
            shift.fullUntil = now.adding(seconds: 1)
            for writer in busy { retreat(writer, &shift.writers) }
        } catch {
            fatal("the journal could not be written: \(error)")
        }
        return hasWorked
    }

    /// Drops the state that is ahead of the disk and takes the one that is on it.
    private func retreat(_ writer: EventWriter, _ writers: inout [String: EventWriter]) {
        let hadChanges = writer.row != nil
        guard !writer.isNew else { return dismiss(writer, .storageFull, &writers) }
        writer.fail(.storageFull)
        guard hadChanges else { return }
        do {
            writer.reload(try Recovery.recover(writer.handle.id, from: journal))
        } catch {
            fatal("event \(writer.handle.id) could not be read back after a full disk: \(error)")
        }
    }

    /// Lets go of a writer; everyone who waits for it is told why.
    private func dismiss(_ writer: EventWriter, _ error: EngineError, _ writers: inout [String: EventWriter]) {
        writers[writer.handle.id] = nil
        writer.fail(error)
        for envelope in writer.handle.close() { envelope.fail(error) }
    }

    /// A bug in one event must not end the others' sale.
    private func takeOutOfService(_ writer: EventWriter, _ fault: String, _ writers: inout [String: EventWriter]) {
        logger.critical(
            "An event is out of service: a decision contradicts its own state. Nothing of the batch was kept",
            metadata: ["event": "\(writer.handle.id)", "error": "\(fault)"])
        directory.takeOutOfService(writer.handle.id)
        dismiss(writer, .outOfService, &writers)
    }

    // MARK: The reconciler

    /// How often orders that have stayed in between are looked for, and how long an order may stay so unremarked.
    private static let reconciliationSeconds = 10

    /// Every order that the provider should have answered for by now is asked about again, so many events and orders a
    /// time, so that a sale never waits for it.
    private func reconcile(_ writers: [String: EventWriter]) {
        let limit = clock.now().adding(seconds: -EngineLoop.reconciliationSeconds)
        for writer in writers.values {
            for task in writer.nextOpenTasks(atMost: EngineLoop.remindersMax) where task.placedAt < limit {
                remind(task)
            }
        }
    }

    private static let remindersMax = 500

    // MARK: Putting state away

    /// A snapshot is made of what is on disk, not of the state in memory: a copy of that would have the writer copy
    /// whatever it changes next, which takes long for a large event.
    private func takeSnapshots(_ writers: [String: EventWriter]) {
        for (id, writer) in writers
        where !writer.isSnapshotInProgress && writer.nextSnapshot <= clock.now()
            && writer.head.lastSequence - writer.snapshotSequence >= limits.snapshotFacts
        {
            writer.isSnapshotInProgress = true
            snapshots.async { [self] in deliver(.snapshotTaken(event: id, sequence: saveSnapshot(of: id))) }
        }
    }

    /// How soon one that could not be made is tried again.
    private static let snapshotRetrySeconds = 60

    /// - Returns: the last fact that it includes; nil if there is none.
    private func saveSnapshot(of id: String) -> UInt64? {
        do {
            let recovered = try Recovery.recover(id, from: journal)
            let isSaved = save(recovered.partition, head: recovered.head, time: recovered.time)
            return isSaved ? recovered.head.lastSequence : nil
        } catch {
            logger.warning("A snapshot could not be made", metadata: ["event": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    @discardableResult
    private func save(_ partition: Partition, head: JournalHead, time: Timestamp) -> Bool {
        do {
            try journal.save(
                Snapshot(
                    partition: head.partition, lastSequence: head.lastSequence, rowChecksum: head.checksum,
                    time: time, payload: partition.encodeSnapshot()))
            return true
        } catch {
            logger.warning(
                "A snapshot could not be saved", metadata: ["event": "\(head.partition)", "error": "\(error)"])
            return false
        }
    }

    private func unloadIdle(_ writers: inout [String: EventWriter]) {
        let now = clock.now()
        for (id, writer) in writers {
            guard !writer.isSnapshotInProgress, !writer.isNew,
                writer.lastUsed.adding(seconds: limits.idleSeconds) < now,
                !writer.partition.hasUnfinishedBusiness(at: now), directory.beginUnloading(writer.handle)
            else { continue }
            writers[id] = nil
            let resting = Resting(writer)
            snapshots.async { [self] in putToRest(resting) }
        }
    }

    /// What is left of a writer that was let go.
    private struct Resting: Sendable {
        let handle: EventHandle
        let partition: Partition
        let head: JournalHead
        let time: Timestamp
        let needsSnapshot: Bool

        init(_ writer: EventWriter) {
            handle = writer.handle
            partition = writer.partition
            head = writer.head
            time = writer.lastTime
            // A handful of facts replays faster than a snapshot is read.
            needsSnapshot = writer.head.lastSequence - writer.snapshotSequence > 1000
        }
    }

    private func putToRest(_ resting: Resting) {
        if resting.needsSnapshot { save(resting.partition, head: resting.head, time: resting.time) }
        let summary = EventSummary(resting.handle.view, buyers: resting.partition.sale.buyersWithOrders)
        do {
            try journal.save(
                DormantEvent(
                    partition: summary.id, lastSequence: resting.head.lastSequence, payload: summary.encoded()))
        } catch {
            logger.info(
                "An event at rest could not be noted; the next start loads it",
                metadata: ["event": "\(summary.id)", "error": "\(error)"])
        }
        if directory.finishUnloading(summary) { reload(summary.id) }
        logger.info("Event unloaded", metadata: ["event": "\(summary.id)"])
    }

    private func finish(_ writers: [String: EventWriter]) {
        directory.shutDown()
        let late = mail.withLock { mail in
            mail.hasEnded = true
            defer { mail.arrivals.removeAll() }
            return mail.arrivals
        }
        for arrival in late { refuse(arrival) }
        for writer in writers.values {
            writer.fail(.shuttingDown)
            for envelope in writer.handle.close() { envelope.fail(.shuttingDown) }
            let resting = Resting(writer)
            if resting.needsSnapshot { save(resting.partition, head: resting.head, time: resting.time) }
        }
        // What is being put to rest is put away whole.
        snapshots.sync {}
    }
}
