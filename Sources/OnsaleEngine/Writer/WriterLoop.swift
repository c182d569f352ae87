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
    let journal: any EventStore
    private let limits: EngineLimits
    let logger: Logger
    let directory: EventDirectory
    let mailbox: Mailbox
    private let housekeeping: Housekeeping
    let followers: [any Follower]
    let observer: any LoopObserver
    let custody: (any EventCustody)?
    let seed: () -> [UInt8]
    let fatal: (String) -> Void

    var writers: [String: EventWriter] = [:]
    /// Writers whose state or batch is in doubt, until ``EventCustody`` has settled what becomes of them.
    var aside: [String: Aside] = [:]
    /// The epochs that others have begun of events that are written here or set aside.
    var challenges: [String: UInt64] = [:]
    var flights: [UInt64: Flight] = [:]
    var lastBatch: UInt64 = 0
    /// Events whose inbox was not emptied in the last turn.
    var unfinished: [EventHandle] = []
    /// Events with something to do once they, or the journal, are free.
    var deferred: [EventHandle] = []
    /// Events to be given up at the next rest.
    var releasing: Set<String> = []
    /// Whether the last turn was allowed to decide.
    private var wasTrusted = true
    /// Set while the disk is full: changes are refused at once, and an append is tried once a second.
    var fullUntil: Timestamp?
    private var nextSweep = Timestamp(milliseconds: .min)
    private var reconciler = Reconciler()
    /// Nobody knows what is on disk, so the loop does nothing any more.
    var hasFailed = false

    /// A batch on its way to the journal.
    struct Flight {
        let number: UInt64
        let writers: [EventWriter]
    }

    struct Aside {
        let writer: EventWriter
        /// When those who wait are told that nothing is known.
        let patienceEnds: Timestamp
    }

    private static let fullSeconds = 5
    /// How often a node that is not trusted looks whether it is again.
    private static let trustMilliseconds: Int64 = 20

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
            wasTrusted = false
            losePatience(now: now)
            return hasArrivals
        }
        if !wasTrusted {
            wasTrusted = true
            wake()
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
        // Nobody tells when this node is trusted again.
        if !wasTrusted { return Timestamp(milliseconds: now.milliseconds + WriterLoop.trustMilliseconds) }
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
            // Set aside, and lost to the steward because it couldn't be read for a while.
            if let former = aside.removeValue(forKey: handle.id)?.writer { dismiss(former, .unavailable) }
            writers[handle.id] = EventWriter(handle: handle, recovered: recovered, now: now)
            handle.open(epoch: recovered.partition.epoch)
            directory.publish(handle)
            for follower in followers { follower.resume(recovered.partition, at: recovered.head) }
            answerChallenge(of: handle.id, now: now)
        case .created(let handle, let partition, let reply):
            writers[handle.id] = EventWriter(handle: handle, creating: partition, now: now, reply: reply)
        case .snapshotTaken(let event, let sequence):
            guard let writer = writers[event] ?? aside[event]?.writer else { return }
            housekeeping.noteSnapshot(of: writer, sequence: sequence, now: now)
        case .appended(let batch, let outcomes):
            guard let flight = flights.removeValue(forKey: batch) else { return }
            land(flight, outcomes, now: now)
            wake()
        case .settled(let event, let settlement):
            settle(event, settlement)
            answerChallenge(of: event, now: now)
        case .release(let event): if writers[event] != nil { releasing.insert(event) }
        case .challenge(let event, let epoch):
            challenges[event] = max(challenges[event] ?? 0, epoch)
            answerChallenge(of: event, now: now)
        case .reached(let tell): tell()
        case .drain:
            for writer in writers.values { writer.drain() }
        }
    }

    private func wake() {
        unfinished += deferred
        deferred.removeAll(keepingCapacity: true)
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
