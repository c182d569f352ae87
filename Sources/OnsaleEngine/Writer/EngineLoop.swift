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
        case created(EventHandle, EventDefinition, Envelope.Reply)
        case snapshotTaken(event: String, sequence: UInt64?)
        /// Nobody is kept waiting for an order any longer.
        case hurry
    }

    private struct Mail {
        var ready: [EventHandle] = []
        var arrivals: [Arrival] = []
        var isSleeping = false
        var isStopping = false
    }

    private let journal: any Journal
    private let clock: any WallClock
    private let limits: EngineLimits
    private let logger: Logger
    private let effects: @Sendable (PaymentTask) -> Void
    private let remind: @Sendable (PaymentTask) -> Void
    private let unloaded: @Sendable (EventHandle, Partition) -> Void
    private let fatal: @Sendable (String) -> Void
    private let mail = Mutex(Mail())
    private let bell = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let snapshots = DispatchQueue(label: "onsale.snapshots")

    /// - Parameters:
    ///   - effects: takes what the provider must be asked, after the facts are on disk.
    ///   - remind: takes, now and then, what has stayed open for long: nobody may be working on it.
    ///   - unloaded: told when an idle event has left the loop.
    ///   - fatal: ends the process; called when a write's outcome is unknown.
    init(
        journal: any Journal, clock: any WallClock, limits: EngineLimits, logger: Logger,
        effects: @escaping @Sendable (PaymentTask) -> Void,
        remind: @escaping @Sendable (PaymentTask) -> Void,
        unloaded: @escaping @Sendable (EventHandle, Partition) -> Void,
        fatal: @escaping @Sendable (String) -> Void
    ) {
        self.journal = journal
        self.clock = clock
        self.limits = limits
        self.logger = logger
        self.effects = effects
        self.remind = remind
        self.unloaded = unloaded
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

    func deliver(_ arrival: Arrival) {
        ring { $0.arrivals.append(arrival) }
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

    private func run() {
        var writers: [String: EventWriter] = [:]
        // While the disk is full, changes are refused at once and room is looked for once a second.
        var fullUntil: Timestamp?
        var nextSweep = clock.now()
        var nextReconciliation = clock.now()
        while true {
            let now = clock.now()
            let wake = writers.values.compactMap { $0.nextDue() }.min().map { min($0, now.adding(seconds: 1)) }
            let patience = (wake ?? now.adding(seconds: 1)).milliseconds - now.milliseconds
            let taken = waitForMail(atMost: max(0, patience))
            admit(taken.arrivals, into: &writers)
            turn(ready: taken.ready, &writers, &fullUntil)
            if clock.now() >= nextSweep {
                nextSweep = clock.now().adding(seconds: 1)
                takeSnapshots(writers)
                unloadIdle(&writers)
            }
            if clock.now() >= nextReconciliation {
                nextReconciliation = clock.now().adding(seconds: EngineLoop.reconciliationSeconds)
                reconcile(writers)
            }
            if taken.isStopping, taken.ready.isEmpty, taken.arrivals.isEmpty {
                finish(writers)
                return
            }
        }
    }

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

    private func admit(_ arrivals: [Arrival], into writers: inout [String: EventWriter]) {
        for arrival in arrivals {
            switch arrival {
            case .loaded(let handle, let recovered):
                writers[handle.id] = EventWriter(handle: handle, recovered: recovered, now: clock.now())
                for task in PaymentTask.all(in: recovered.partition) { effects(task) }
            case .created(let handle, let definition, let reply):
                writers[handle.id] = EventWriter(
                    handle: handle, creating: definition, now: clock.now(), reply: reply)
            case .snapshotTaken(let event, let sequence):
                writers[event]?.isSnapshotInProgress = false
                if let sequence { writers[event]?.snapshotTaken(at: sequence) }
            case .hurry:
                for writer in writers.values { writer.hurry() }
            }
        }
    }

    /// One batch over all events that have something to do.
    private func turn(
        ready: [EventHandle], _ writers: inout [String: EventWriter], _ fullUntil: inout Timestamp?
    ) {
        let now = clock.now()
        let told = Set(ready.map(\.id))
        let busy = writers.values.filter { writer in
            told.contains(writer.handle.id) || writer.isNew || writer.nextDue().map { $0 <= now } ?? false
        }
        let isFull = fullUntil.map { now < $0 } ?? false
        for writer in busy {
            let (envelopes, isMoreWaiting) = writer.handle.take()
            if isMoreWaiting { mail.withLock { $0.ready.append(writer.handle) } }
            if isFull {
                writer.refuseChanges(envelopes)
            } else {
                writer.apply(envelopes, now: now)
            }
        }
        guard !isFull else { return }
        do {
            let rows = busy.compactMap(\.row)
            if !rows.isEmpty {
                try journal.append(rows)
                if fullUntil != nil {
                    fullUntil = nil
                    logger.notice("The disk has room again; changes are taken")
                }
            }
            for writer in busy { writer.complete(effects: effects) }
        } catch JournalError.full {
            if fullUntil == nil { logger.error("The disk is full; changes are refused until there is room") }
            fullUntil = now.adding(seconds: 1)
            for writer in busy { retreat(writer, &writers) }
        } catch {
            fatal("the journal could not be written: \(error)")
        }
    }

    /// Drops the state that is ahead of the disk and takes the one that is on it.
    private func retreat(_ writer: EventWriter, _ writers: inout [String: EventWriter]) {
        let hadChanges = writer.row != nil
        writer.fail(.storageFull)
        guard hadChanges else { return }
        guard !writer.isNew else {
            writers[writer.handle.id] = nil
            for envelope in writer.handle.close() { envelope.fail(.storageFull) }
            return
        }
        do {
            writer.reload(try Recovery.recover(writer.handle.id, from: journal))
        } catch {
            fatal("event \(writer.handle.id) could not be read back after a full disk: \(error)")
        }
    }

    // MARK: The reconciler

    /// How often orders that have stayed in between are looked for, and how long an order may stay so unremarked.
    private static let reconciliationSeconds = 10

    /// Every order that the provider should have answered for by now is asked about again.
    private func reconcile(_ writers: [String: EventWriter]) {
        let limit = clock.now().adding(seconds: -EngineLoop.reconciliationSeconds)
        for writer in writers.values where writer.partition.sale.hasUnfinishedBusiness {
            for task in PaymentTask.all(in: writer.partition) where task.placedAt < limit { remind(task) }
        }
    }

    // MARK: Putting state away

    private func takeSnapshots(_ writers: [String: EventWriter]) {
        for (id, writer) in writers
        where !writer.isSnapshotInProgress
            && writer.head.lastSequence - writer.snapshotSequence >= limits.snapshotFacts
        {
            writer.isSnapshotInProgress = true
            // The state is a value: this copy stays as it is while the writer goes on.
            let partition = writer.partition
            let head = writer.head
            let time = writer.lastTime
            snapshots.async { [self] in
                let saved = save(partition, head: head, time: time)
                deliver(.snapshotTaken(event: id, sequence: saved ? head.lastSequence : nil))
            }
        }
    }

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
            guard !writer.isSnapshotInProgress,
                writer.lastUsed.adding(seconds: limits.idleSeconds) < now,
                !writer.partition.hasUnfinishedBusiness(at: now), writer.handle.closeIfEmpty()
            else { continue }
            putAway(writer)
            writers[id] = nil
            unloaded(writer.handle, writer.partition)
        }
    }

    private func putAway(_ writer: EventWriter) {
        // A handful of facts replays faster than a snapshot is read.
        guard writer.head.lastSequence - writer.snapshotSequence > 1000 else { return }
        snapshots.sync { _ = save(writer.partition, head: writer.head, time: writer.lastTime) }
    }

    private func finish(_ writers: [String: EventWriter]) {
        for writer in writers.values {
            writer.fail(.shuttingDown)
            for envelope in writer.handle.close() { envelope.fail(.shuttingDown) }
            putAway(writer)
        }
    }
}
