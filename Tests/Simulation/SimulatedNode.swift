import Doubles
import Logging
import OnsaleOwnership
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Seeded
import Synchronization

@testable import OnsaleEngine

/// A node without threads: its loop, its steward and its saga make their turns when they are told to.
final class SimulatedNode {
    /// Feeds the payment queue just as `SagaRunner` does, but makes no calls.
    final class QueueFollower: Follower {
        let queue = Mutex(PaymentQueue())

        func follow(_ committed: Committed, in partition: borrowing Partition) {
            let news = PaymentTask.news(of: committed.facts, in: partition)
            queue.withLock { queue in
                for (key, task) in news { queue.set(task, for: key) }
            }
        }

        func resume(_ partition: borrowing Partition, at head: JournalHead) {
            let tasks = PaymentTask.all(in: partition)
            queue.withLock { queue in
                for var task in tasks {
                    task.isResumed = true
                    queue.set(task, for: PaymentQueue.Key(task))
                }
            }
        }

        func leave(_ event: String) { queue.withLock { $0.leave(event) } }
        func remind(of task: PaymentTask) { queue.withLock { $0.remind(of: task) } }
    }

    let id: NodeID
    /// Whether it takes events, or only shows what others sell.
    let sells: Bool
    let journal: NodeJournal
    let directory = EventDirectory()
    let mailbox = Mailbox()
    let payments = QueueFollower()
    let lease = Lease()
    let steward: Steward
    let access: EventAccess
    private var lookout: Lookout
    private let loop: WriterLoop
    private let database: SimulatedDatabase
    /// How far its wall clock is off, in milliseconds, and by how many thousandths it runs too fast.
    private let offset: Int64
    private let drift: Int64
    private var nextTick: Int64 = 0
    var frozenUntil: Int64 = .min
    /// Until when its steward gets no turn, though the node goes on looking at the registry.
    var isStarvedUntil: Int64 = .min
    /// Until when it doesn't get to look at the registry, though all else goes on.
    var isBlindUntil: Int64 = .min
    /// Until when it doesn't reach other nodes.
    var deafUntil: [NodeID: Int64] = [:]
    private var sighting: Sighting?
    /// A look at the registry under way, and when its answer is here.
    private var look: (sighting: Sighting, at: Int64)?
    private(set) var isClosing = false
    /// The last fact of each event that was seen in its view.
    var shown: [String: UInt64] = [:]
    /// Calls to the provider under way, and when each ends.
    var calls: [(call: PaymentQueue.Call, at: Int64)] = []
    /// Why the process ended itself, if it did.
    var failure: String? { notes.failure.withLock { $0 } }
    private let notes = Notes()

    /// What is shared with closures.
    private final class Notes: Sendable {
        let failure = Mutex<String?>(nil)
        /// The monotonic time, for those who ask between turns.
        let time = Mutex<Int64>(0)
    }

    init(
        _ id: NodeID, sells: Bool, _ database: SimulatedDatabase, _ grapevine: Grapevine, _ random: inout SeededRandom
    ) {
        self.id = id
        self.sells = sells
        self.database = database
        journal = NodeJournal(node: id, database: database)
        offset = Int64.random(in: -20_000...20_000, using: &random)
        drift = Int64.random(in: -20...20, using: &random)
        let limits = EngineLimits(snapshotFacts: 40, idleSeconds: 1_000_000)
        let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        let loader = EventLoader(
            journal: journal, limits: limits, logger: logger, directory: directory, mailbox: mailbox)
        steward = Steward(
            node: id, inbox: StewardInbox(), journal: journal, directory: directory, mailbox: mailbox,
            followers: [Teller(grapevine: grapevine)], limits: limits, logger: logger)
        lookout = Lookout(directory: directory, mailbox: mailbox, lease: lease)
        let seeds = Mutex(SeededRandom(seed: random.next()))
        let notes = notes
        loop = WriterLoop(
            journal: journal, limits: limits, logger: logger, directory: directory, mailbox: mailbox,
            housekeeping: Housekeeping(
                journal: journal, limits: limits, logger: logger, directory: directory, mailbox: mailbox,
                loader: loader, queue: nil),
            followers: [payments, Teller(grapevine: grapevine)], custody: steward.inbox,
            seed: {
                seeds.withLock { random in (0..<Draw.seedBytes).map { _ in .random(in: 0...255, using: &random) } }
            },
            fatal: { reason in notes.failure.withLock { $0 = reason } })
        let lease = lease
        access = EventAccess(directory: directory, mailbox: mailbox, loader: loader) {
            lease.isValid(at: notes.time.withLock { $0 })
        }
        database.register(id, sells: sells)
        grapevine.join(id, steward.inbox)
    }

    func wall(_ now: Int64) -> Timestamp {
        Timestamp(milliseconds: World.start.milliseconds + now + offset + now * drift / 1000)
    }

    /// One turn of each of its threads, in an order of the seed's.
    func turn(_ now: Int64, _ random: inout SeededRandom) {
        guard frozenUntil <= now else { return }
        notes.time.withLock { $0 = now }
        let isStewardFirst = random.happens(0.5)
        if isStewardFirst { turnSteward(now, &random) }
        if random.happens(0.9) {
            _ = loop.turn(mailbox.take(waitingAtMost: 0).mail, now: wall(now), isTrusted: lease.isValid(at: now))
        }
        if !isStewardFirst { turnSteward(now, &random) }
    }

    private func turnSteward(_ now: Int64, _ random: inout SeededRandom) {
        if nextTick > now, isStarvedUntil <= now, random.happens(0.5) {
            return steward.hear(now: now, wall: wall(now))
        }
        if nextTick <= now, look == nil {
            nextTick = now + 250
            if isBlindUntil <= now, let seen = try? database.tick(id, sells: sells && !isClosing) {
                look = (seen, now + database.lookTakes())
            }
        }
        if let (seen, at) = look, at <= now {
            look = nil
            lookout.heed(seen)
            sighting = seen
        }
        for (other, until) in deafUntil where until > now { steward.inbox.mute(other) }
        guard isStarvedUntil <= now else { return }
        defer { sighting = nil }
        steward.turn(sighting, now: now, wall: wall(now))
    }

    /// Begins to leave everything to the others.
    func close() {
        isClosing = true
        steward.inbox.put(.close)
    }

    /// Answers whoever still waits.
    func finish() { loop.finish() }

    /// Whether a call begun for this task may still be made, and its result count.
    func mayAct(_ task: PaymentTask) -> Bool { access.isWritten(task.event, under: task.epoch) }
}
