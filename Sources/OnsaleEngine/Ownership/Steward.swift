import Logging
import OnsaleOwnership
import OnsaleSale
import OnsaleValues
import Synchronization

/// Keeps the events of a node that shares its journal with others: follows by replay those that others write, takes
/// those whose owner is gone, hands those over that belong elsewhere, and finds out what became of rows in doubt.
///
/// It is stepped like ``WriterLoop``: ``turn(_:now:wall:)`` does the blocking work on whatever thread calls it, one at
/// a time. ``Ownership`` decides for each event, ``Neighbourhood`` whose turn it is.
final class Steward {
    /// How long until a failed attempt is made again, in milliseconds.
    private static let retryMilliseconds: Int64 = 250
    /// How many events are handed over at a time.
    static let leavingMax = 2
    /// How long an event stays with a node that it came to from another. Where nodes disagree on who is well, it would
    /// go round among them without a rest.
    static let tenureMilliseconds = Neighbourhood.settlingMilliseconds

    let node: NodeID
    let inbox: StewardInbox
    let journal: any EventStore
    let directory: EventDirectory
    let mailbox: Mailbox
    let followers: [any Follower]
    let limits: EngineLimits
    let logger: Logger
    var neighbourhood: Neighbourhood
    var charges: [String: Charge] = [:]
    private(set) var now: Int64 = 0
    private(set) var wall = Timestamp(milliseconds: 0)
    var isClosing = false
    var deposed: [NodeID] = []
    /// Events whose journal is damaged as far as this node can tell. Others may read it without trouble, and hand it over.
    var damages: [String: Damage] = [:]

    /// - Parameters:
    ///   - followers: told of what other nodes have written.
    init(
        node: NodeID, inbox: StewardInbox, journal: any EventStore, directory: EventDirectory, mailbox: Mailbox,
        followers: [any Follower], limits: EngineLimits, logger: Logger
    ) {
        self.node = node
        self.inbox = inbox
        self.journal = journal
        self.directory = directory
        self.mailbox = mailbox
        self.followers = followers
        self.limits = limits
        self.logger = logger
        neighbourhood = Neighbourhood(node: node)
    }

    // MARK: A turn

    /// Does what there is to do.
    /// - Parameters:
    ///   - sighting: what the registry said since the last turn, if it was asked.
    ///   - now: milliseconds of this process's monotonic clock.
    ///   - wall: the time of day, for rows.
    func turn(_ sighting: Sighting?, now: Int64, wall: Timestamp) {
        begin(now: now, wall: wall)
        for note in inbox.take() { heed(note) }
        heedHearsay()
        if let sighting { see(sighting) }
        for event in charges.keys.sorted() { attend(event) }
        inbox.publish(
            seats,
            nodes: .init(
                well: neighbourhood.others(at: now), muted: neighbourhood.muted(at: now), all: neighbourhood.all))
    }

    func begin(now: Int64, wall: Timestamp) {
        self.now = now
        self.wall = wall
    }

    /// Whether every event that the registry told of has been read.
    var hasReadAll: Bool { neighbourhood.seenAt != nil && charges.values.allSatisfy { $0.handle != nil } }

    /// The silent nodes whose events this one has taken since it was asked last.
    func takeDeposed() -> [NodeID] {
        defer { deposed.removeAll() }
        return deposed
    }

    /// Whether everything this node owned has been left to others, or nobody is there to take it.
    var isEmpty: Bool { charges.values.allSatisfy { !$0.isHere && $0.isSettled } }

    private var seats: [String: EventSeat] {
        charges.mapValues(\.seat).merging(damages.compactMapValues(\.seat)) { known, _ in known }
    }

    func seat(of event: String) -> EventSeat? { charges[event]?.seat }

    private func heed(_ note: StewardInbox.Note) {
        switch note {
        case .collided(let event):
            charges[event]?.isAside = true
            charges[event]?.doubt = nil
            charges[event]?.replica = nil
            handle(.collided, event)
        case .lostTrack(let event, let row, let rest, let time):
            charges[event]?.isAside = true
            charges[event]?.doubt = .init(row: row, rest: rest, time: time)
            charges[event]?.replica = nil
            handle(.lostTrack, event)
        case .gaveUp(let state, let handle): appoint(state, handle)
        case .create(let handle, let partition, let note, let reply): create(handle, partition, note, reply)
        case .mute(let id):
            guard neighbourhood.mute(id, at: now) else { break }
            logger.warning(
                "A node doesn't answer this one, though the registry says that it is well",
                metadata: ["node": "\(id)"])
        case .close: isClosing = true
        }
    }

    private func see(_ sighting: Sighting) {
        neighbourhood.see(sighting.nodes, askedAt: sighting.askedAt)
        for head in sighting.heads {
            if damages[head.event] != nil, !isReadAgain(head) { continue }
            var charge = charges[head.event] ?? Charge(ownership: Ownership(node: node))
            charge.sighted = max(charge.sighted, head.lastSequence)
            charge.since = head.since
            doubtHearsay(&charge, head, askedAt: sighting.askedAt)
            charges[head.event] = charge
            // The lookout doubts what is written already; this is for what was on its way to the loop then.
            if head.epoch > charge.ownership.epoch, charge.isHere { challenge(head.event, head.epoch) }
        }
    }

    /// Another node has begun an epoch of an event that is written here.
    func challenge(_ event: String, _ epoch: UInt64) {
        charges[event]?.handle?.doubt(before: epoch)
        mailbox.deliver(.challenge(event: event, epoch: epoch))
    }

    /// Does for one event what its turn brings.
    func attend(_ event: String) {
        guard let charge = charges[event] else { return }
        if let postponed = charge.postponed {
            guard postponed.at <= now else { return }
            charges[event]?.postponed = nil
            perform(postponed.action, event)
            return
        }
        guard charge.isSettled else { return }
        if charge.isHere {
            leave(event)
        } else if charge.replica.map({ $0.head.lastSequence < max(charge.sighted, charge.hinted) }) ?? true {
            follow(event)
        }
        guard let charge = charges[event], charge.isSettled, !charge.isHere, charge.replica != nil, !isClosing,
            neighbourhood.mayClaim(event, ownedBy: charge.ownership.owner, at: now)
        else { return }
        charges[event]?.predecessor = charge.ownership.owner.flatMap { neighbourhood.find($0) }?.id
        handle(.claim, event)
    }

    // MARK: Performing

    func handle(_ input: Ownership.Input, _ event: String) {
        let action = charges[event]?.ownership.handle(input)
        // The claim came to nothing, so nobody was deposed by it.
        if charges[event]?.ownership.isUnsettled == false, action == nil { charges[event]?.predecessor = nil }
        if let action { perform(action, event) }
    }

    func postpone(_ action: Ownership.Action, _ event: String) {
        charges[event]?.postponed = (action, now + Steward.retryMilliseconds)
    }

    private func perform(_ action: Ownership.Action, _ event: String) {
        switch action {
        case .claim: claim(event, action)
        case .read: readToEnd(event, action)
        case .write: write(event, action)
        case .stop: stop(event)
        }
    }

    func tell(_ row: JournalRow) {
        for follower in followers { follower.noteClaim(row) }
    }

    func note(_ message: Logger.Message, _ event: String, _ epoch: UInt64) {
        logger.notice(message, metadata: ["event": "\(event)", "epoch": "\(epoch)", "node": "\(node)"])
    }
}
