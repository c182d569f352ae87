import Logging
import OnsaleCorrelation
import OnsaleSale
import OnsaleValues

/// Writes all events, one turn at a time: takes requests from the inboxes, decides them, appends all facts in one
/// transaction with one sync, and only then answers. While a batch is on its way its events wait; others may go in
/// the next one, as far as the journal gains by it.
///
/// It starts no thread and reads no clock. Mail, time, journal and randomness come from outside, so a test can drive it
/// just as ``WriterThread`` does in the program.
final class WriterLoop {
    private let journal: any EventStore
    private let limits: EngineLimits
    private let logger: Logger
    private let directory: EventDirectory
    private let mailbox: Mailbox
    private let housekeeping: Housekeeping
    private let followers: [any Follower]
    private let observer: any LoopObserver
    private let custody: (any EventCustody)?
    private let seed: () -> [UInt8]
    private let fatal: (String) -> Void

    private var writers: [String: EventWriter] = [:]
    /// Writers whose state or batch is in doubt, until ``EventCustody`` has settled what becomes of them.
    private var aside: [String: Aside] = [:]
    private var flights: [UInt64: Flight] = [:]
    private var lastBatch: UInt64 = 0
    /// Events whose inbox was not emptied in the last turn.
    private var unfinished: [EventHandle] = []
    /// Events with something to do once they, or the journal, are free.
    private var deferred: [EventHandle] = []
    /// Events to be given up at the next rest.
    private var releasing: Set<String> = []
    /// Set while the disk is full: changes are refused at once, and an append is tried once a second.
    private var fullUntil: Timestamp?
    private var nextSweep = Timestamp(milliseconds: .min)
    private var reconciler = Reconciler()
    /// Nobody knows what is on disk, so the loop does nothing any more.
    private var hasFailed = false

    /// A batch on its way to the journal.
    private struct Flight {
        let number: UInt64
        let writers: [EventWriter]
    }

    private struct Aside {
        let writer: EventWriter
        /// When those who wait are told that nothing is known.
        let patienceEnds: Timestamp
    }

    private static let fullSeconds = 5
    /// How long callers wait to learn what became of their request.
    private static let patienceSeconds = 10

    /// - Parameters:
    ///   - directory: where the loop publishes which events are available.
    ///   - custody: decides which events are written here; nil where nobody shares the journal.
    ///   - seed: makes the secret of a draw: ``Draw/seedBytes`` random bytes.
    ///   - fatal: must end the process; called with the reason when a write's outcome is unknown and nobody could tell.
    init(
        journal: any EventStore, limits: EngineLimits, logger: Logger, directory: EventDirectory, mailbox: Mailbox,
        housekeeping: Housekeeping, followers: [any Follower], observer: any LoopObserver = NoLoopObserver(),
        custody: (any EventCustody)? = nil, seed: @escaping () -> [UInt8], fatal: @escaping (String) -> Void
    ) {
        self.journal = journal
        self.limits = limits
        self.logger = logger
        self.directory = directory
        self.mailbox = mailbox
        self.housekeeping = housekeeping
        self.followers = followers
        self.observer = observer
        self.custody = custody
        self.seed = seed
        self.fatal = fatal
    }

    /// Whether a change found the disk full lately. Without changes nobody tries again, so this doesn't last.
    func isFull(at now: Timestamp) -> Bool {
        fullUntil.map { now < $0.adding(seconds: WriterLoop.fullSeconds) } ?? false
    }

    /// Whether a batch is on its way, so the loop must not end.
    var isAwaitingJournal: Bool { !flights.isEmpty }

    // MARK: A turn

    /// Does everything there is to do now.
    /// - Parameter isTrusted: whether this node may believe that it owns what it owned. Otherwise nothing is decided.
    /// - Returns: whether there was anything to do.
    func turn(_ mail: consuming Mailbox.Mail, now: Timestamp, isTrusted: Bool = true) -> Bool {
        guard !hasFailed else { return false }
        for arrival in mail.arrivals { admit(arrival, now: now) }
        let hasArrivals = !mail.arrivals.isEmpty
        // Drop the arrivals, so a loaded state has only one owner and its first change doesn't copy it.
        mail.arrivals.removeAll()
        guard isTrusted else {
            deferred += unfinished + mail.ready
            unfinished.removeAll(keepingCapacity: true)
            losePatience(now: now)
            return hasArrivals
        }
        giveUp(now: now)
        let hasWritten = write(mail.ready, now: now)
        if now >= nextSweep {
            nextSweep = now.adding(seconds: 1)
            housekeeping.takeSnapshots(of: inOrder, now: now)
            for writer in housekeeping.idle(inOrder, now: now) { writers[writer.handle.id] = nil }
            losePatience(now: now)
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
        // Whatever is due needs a batch, and the journal rings when one has landed.
        guard flights.count < journal.batchesMax else { return soon }
        return min(soon, writers.values.compactMap { $0.isInFlight ? nil : $0.nextDue() }.min() ?? soon)
    }

    /// Sorted by name, so the same mail always has the same effect.
    private var inOrder: [EventWriter] { writers.values.sorted { $0.handle.id < $1.handle.id } }

    private func admit(_ arrival: Mailbox.Arrival, now: Timestamp) {
        switch arrival {
        case .loaded(let handle, let recovered):
            writers[handle.id] = EventWriter(handle: handle, recovered: recovered, now: now)
            handle.open(epoch: recovered.partition.epoch)
            directory.publish(handle)
            for follower in followers { follower.resume(recovered.partition, at: recovered.head) }
        case .created(let handle, let partition, let reply):
            writers[handle.id] = EventWriter(handle: handle, creating: partition, now: now, reply: reply)
        case .snapshotTaken(let event, let sequence):
            guard let writer = writers[event] else { return }
            housekeeping.noteSnapshot(of: writer, sequence: sequence, now: now)
        case .appended(let batch, let outcomes):
            guard let flight = flights.removeValue(forKey: batch) else { return }
            land(flight, outcomes, now: now)
            wake()
        case .settled(let event, let settlement): settle(event, settlement)
        case .release(let event): if writers[event] != nil { releasing.insert(event) }
        case .challenge(let event):
            guard let writer = writers[event] else { return }
            writer.handle.doubt()
            // While a batch is on its way, its collision will tell.
            guard !writer.isInFlight else { return }
            writer.fail(.moved)
            setAside(writer, now: now)
            custody?.collided(event: event)
        case .trusted: wake()
        case .reached(let tell): tell()
        case .drain:
            for writer in writers.values { writer.drain() }
        }
    }

    private func wake() {
        unfinished += deferred
        deferred.removeAll(keepingCapacity: true)
    }

    /// Decides and appends one batch over all events with something to do.
    private func write(_ ready: [EventHandle], now: Timestamp) -> Bool {
        guard flights.count < journal.batchesMax else {
            deferred += unfinished + ready
            unfinished.removeAll(keepingCapacity: true)
            return false
        }
        let all = ready + unfinished
        let told = Set(all.map(\.id))
        unfinished.removeAll(keepingCapacity: true)
        if !flights.isEmpty || !aside.isEmpty {
            deferred += all.filter { writers[$0.id]?.isInFlight ?? (aside[$0.id] != nil) }
        }
        var busy = writers.values.filter { writer in
            !writer.isInFlight
                && (told.contains(writer.handle.id) || writer.isNew || writer.nextDue().map { $0 <= now } ?? false)
                && !writer.handle.isInDoubt
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
        lastBatch += 1
        observer.batchBegins(lastBatch, depths: depths)
        for (writer, envelopes) in zip(busy, batch) {
            guard !isFull else {
                writer.refuseChanges(envelopes)
                if writer.isNew { dismiss(writer, .storageFull) }
                continue
            }
            writer.apply(envelopes, now: now, seed: seed)
        }
        guard !isFull else { return hasWorked }
        observer.batchIsDecided(lastBatch)
        busy.removeAll { writer in
            guard let fault = writer.fault else { return false }
            takeOutOfService(writer, fault)
            return true
        }
        return append(busy, now: now) || hasWorked
    }

    private func append(_ busy: [EventWriter], now: Timestamp) -> Bool {
        let hasAnswers = busy.contains(where: \.hasAnswers)
        let changed = busy.filter { $0.row != nil }
        let rows = changed.compactMap(\.row)
        guard !rows.isEmpty else {
            complete(busy, rows, batch: lastBatch)
            return hasAnswers
        }
        // A journal that takes its time must not make those wait who changed nothing.
        let waitsForAll = journal.batchesMax == 1
        if !waitsForAll { complete(busy.filter { $0.row == nil }, [], batch: lastBatch) }
        let flight = Flight(number: lastBatch, writers: waitsForAll ? busy : changed)
        for writer in flight.writers { writer.isInFlight = true }
        let landing = Landing()
        journal.append(rows) { [mailbox, number = flight.number] outcomes in
            if landing.isLate(outcomes) { mailbox.deliver(.appended(batch: number, outcomes)) }
        }
        if let outcomes = landing.take() {
            land(flight, outcomes, now: now)
        } else {
            flights[flight.number] = flight
        }
        return true
    }

    /// Does with each event of a batch what its row's outcome asks for.
    private func land(_ flight: Flight, _ outcomes: [AppendOutcome], now: Timestamp) {
        for writer in flight.writers { writer.isInFlight = false }
        let changed = flight.writers.filter { $0.row != nil }
        guard outcomes.count == changed.count else {
            return fail("the journal told of \(outcomes.count) rows instead of \(changed.count)")
        }
        var landed = flight.writers.filter { $0.row == nil }
        var others: [(EventWriter, AppendOutcome)] = []
        for (writer, outcome) in zip(changed, outcomes) {
            if case .committed = outcome { landed.append(writer) } else { others.append((writer, outcome)) }
        }
        if landed.contains(where: { $0.row != nil }), fullUntil != nil {
            fullUntil = nil
            logger.notice("The disk has room again; changes are accepted")
        }
        complete(landed.sorted { $0.handle.id < $1.handle.id }, landed.compactMap(\.row), batch: flight.number)
        for (writer, outcome) in others { handle(outcome, of: writer, now: now) }
    }

    private func handle(_ outcome: AppendOutcome, of writer: EventWriter, now: Timestamp) {
        switch outcome {
        case .committed: break
        case .full:
            if fullUntil == nil { logger.error("The disk is full; changes are refused until there is room") }
            fullUntil = now.adding(seconds: 1)
            retreat(writer, now: now)
        case .notAtHead:
            guard let custody else { return depose(writer) }
            writer.fail(.moved)
            setAside(writer, now: now)
            custody.collided(event: writer.handle.id)
        case .unavailable(let error):
            guard let custody else { return fail("the journal could not be written: \(error)") }
            logger.warning(
                "The journal can't be reached; a batch was refused",
                metadata: ["event": "\(writer.handle.id)", "error": "\(error)"])
            writer.fail(.unavailable)
            setAside(writer, now: now)
            custody.lostTrack(of: writer.handle.id, row: nil, after: writer.head, time: writer.lastTime)
        case .unknown(let error):
            guard let custody else { return fail("the journal could not be written: \(error)") }
            logger.warning(
                "It is not known whether a batch came to the journal; nobody in it is answered before it is",
                metadata: ["event": "\(writer.handle.id)", "error": "\(error)"])
            setAside(writer, now: now)
            custody.lostTrack(of: writer.handle.id, row: writer.row, after: writer.head, time: writer.lastTime)
        }
    }

    private func complete(_ busy: [EventWriter], _ rows: [JournalRow], batch: UInt64) {
        guard !busy.isEmpty else { return }
        let waits = busy.flatMap(\.waits)
        let traced = waits.lazy.compactMap(\.context).prefix(BatchSummary.waitsMax)
        let span =
            waits.isEmpty ? nil : TraceContext(traceID: .random(), spanID: .random(in: 1 ... .max), isSampled: true)
        observer.batchIsDurable(
            BatchSummary(
                number: batch, requests: busy.reduce(0) { $0 + $1.answers }, rows: rows.count,
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

    // MARK: Ownership

    private func setAside(_ writer: EventWriter, now: Timestamp) {
        let id = writer.handle.id
        writers[id] = nil
        releasing.remove(id)
        aside[id] = Aside(writer: writer, patienceEnds: now.adding(seconds: WriterLoop.patienceSeconds))
        writer.handle.doubt()
        for follower in followers { follower.leave(id) }
    }

    private func settle(_ event: String, _ settlement: Settlement) {
        guard let writer = aside.removeValue(forKey: event)?.writer else { return }
        if settlement.isDurable { complete([writer], [writer.row].compactMap { $0 }, batch: 0) }
        switch settlement.next {
        case .goOn: break
        case .write(let recovered):
            writer.fail(.unavailable)
            writer.reload(recovered)
        case .stop:
            writer.fail(.moved)
            for envelope in writer.handle.leave() { envelope.refuse(.moved) }
            return
        }
        writers[event] = writer
        writer.handle.open(epoch: writer.partition.epoch)
        unfinished.append(writer.handle)
        for follower in followers { follower.resume(writer.partition, at: writer.head) }
    }

    /// Hands events over whose turn has come, between two batches.
    private func giveUp(now: Timestamp) {
        for event in releasing.sorted() {
            guard let writer = writers[event] else {
                releasing.remove(event)
                continue
            }
            guard !writer.isInFlight, !writer.isNew, let custody else { continue }
            writer.fail(.moved)
            setAside(writer, now: now)
            custody.gaveUp(writer.state, handle: writer.handle)
        }
    }

    /// Nobody waits for ever to learn what became of a request.
    private func losePatience(now: Timestamp) {
        for (event, waiting) in aside.sorted(by: { $0.key < $1.key }) where waiting.patienceEnds <= now {
            waiting.writer.tellUnavailable()
            for envelope in waiting.writer.handle.clear() { envelope.refuse(.unavailable) }
            aside[event] = Aside(
                writer: waiting.writer, patienceEnds: now.adding(seconds: WriterLoop.patienceSeconds))
        }
    }

    // MARK: Failures

    private func fail(_ reason: String) {
        hasFailed = true
        fatal(reason)
    }

    /// Replaces the state, which is ahead of the full disk, with the one on disk.
    private func retreat(_ writer: EventWriter, now: Timestamp) {
        let hadChanges = writer.row != nil
        guard !writer.isNew else { return dismiss(writer, .storageFull) }
        writer.fail(.storageFull)
        guard hadChanges else { return }
        if let custody {
            // Others may have written meanwhile, and reading may fail. As after a collision, the steward finds out.
            setAside(writer, now: now)
            return custody.collided(event: writer.handle.id)
        }
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

    /// Stops an event whose journal another process has written though nobody shares it: the state in memory differs
    /// from the one on disk.
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
        for waiting in aside.values { dismiss(waiting.writer, .shuttingDown) }
        for writer in inOrder {
            dismiss(writer, .shuttingDown)
            housekeeping.putAway(writer)
        }
        housekeeping.wait()
    }
}
