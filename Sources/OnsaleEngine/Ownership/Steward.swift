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
    private static let leavingMax = 2

    let node: NodeID
    let inbox: StewardInbox
    private let journal: any EventStore
    private let directory: EventDirectory
    let mailbox: Mailbox
    private let followers: [any Follower]
    private let limits: EngineLimits
    let logger: Logger
    private var neighbourhood: Neighbourhood
    var charges: [String: Charge] = [:]
    private(set) var now: Int64 = 0
    private var wall = Timestamp(milliseconds: 0)
    private var isClosing = false
    private var deposed: [NodeID] = []
    /// Events whose journal is damaged; nobody touches them before someone has looked at it.
    private var damaged: Set<String> = []

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
        inbox.publish(seats, neighbours: neighbourhood.others(at: now), all: neighbourhood.all)
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

    private var seats: [String: EventSeat] { charges.mapValues(\.seat) }

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
        case .mute(let id, let milliseconds): neighbourhood.mute(id, until: now + milliseconds)
        case .close: isClosing = true
        }
    }

    private func see(_ sighting: Sighting) {
        neighbourhood.see(sighting.nodes, askedAt: sighting.askedAt)
        for head in sighting.heads where !damaged.contains(head.event) {
            var charge = charges[head.event] ?? Charge(ownership: Ownership(node: node))
            charge.sighted = max(charge.sighted, head.lastSequence)
            charge.since = head.since
            doubtHearsay(&charge, head, askedAt: sighting.askedAt)
            charges[head.event] = charge
            // The lookout doubts what is written already; this is for what was on its way to the loop then.
            if head.epoch > charge.ownership.epoch, charge.isHere { challenge(head.event) }
        }
    }

    /// Another node has begun an epoch of an event that is written here.
    func challenge(_ event: String) {
        charges[event]?.handle?.doubt()
        mailbox.deliver(.challenge(event: event))
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

    private func handle(_ input: Ownership.Input, _ event: String) {
        if let action = charges[event]?.ownership.handle(input) { perform(action, event) }
    }

    private func postpone(_ action: Ownership.Action, _ event: String) {
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

    private func claim(_ event: String, _ action: Ownership.Action) {
        guard let rest = charges[event]?.rest else { return postpone(.read, event) }
        let row = rest.head.claim(for: node, lastTime: rest.time, now: wall)
        switch journal.claim(row, owner: node) {
        case .committed:
            tell(row)
            handle(.claimed(.committed), event)
        case .notAtHead: handle(.claimed(.refused), event)
        case .full, .unavailable, .unknown:
            guard let next = charges[event]?.ownership.handle(.claimed(.unknown)) else { return }
            postpone(next, event)
        }
    }

    private func readToEnd(_ event: String, _ action: Ownership.Action) {
        do {
            if let begun = try readOn(event) { handle(.read(epoch: begun.epoch, owner: begun.owner), event) }
            // Settled by what was read, or else by its end.
            if charges[event]?.ownership.isUnsettled ?? false { handle(.readToEnd, event) }
        } catch {
            unreadable(event, error)
            postpone(action, event)
        }
    }

    /// Reads what is new.
    /// - Returns: the last epoch begun in it.
    private func readOn(_ event: String) throws -> EpochBegun? {
        guard let charge = charges[event] else { return nil }
        // In doubt, the loop may still have the right state; then reading all of it again would be a waste.
        if let doubt = charge.doubt { return try lastEpoch(event, after: doubt.rest.lastSequence) }
        try catchUp(event)
        return charges[event]?.replica?.partition.ownership
    }

    private func lastEpoch(_ event: String, after sequence: UInt64) throws -> EpochBegun? {
        var last: EpochBegun?
        try journal.read(partition: event, from: sequence + 1) { row in
            for case .epochBegun(let begun) in try Fact.decode(payload: row.payload, plans: { _ in nil }) {
                last = begun
            }
        }
        return last
    }

    /// Whether the batch in doubt is in the journal.
    private func isDurable(_ doubt: Charge.Doubt?) throws -> Bool {
        guard let row = doubt?.row else { return false }
        var found: JournalRow?
        do {
            try journal.read(partition: row.partition, from: row.sequence) { row in
                found = row
                throw Enough()
            }
        } catch is Enough {}
        return found?.checksum == row.checksum
    }

    private struct Enough: Error {}

    private func write(_ event: String, _ action: Ownership.Action) {
        guard let charge = charges[event], case .write(let epoch) = action else { return }
        do {
            guard charge.isAside else {
                try catchUp(event)
                guard let state = charges[event]?.replica, let handle = charges[event]?.handle else { return }
                // Somebody has taken it meanwhile.
                if state.partition.epoch != epoch { return reconsider(event) }
                charges[event]?.replica = nil
                if let before = charge.predecessor { deposed.append(before) }
                charges[event]?.predecessor = nil
                mailbox.deliver(.loaded(handle, state))
                return note("Event is written here", event, epoch)
            }
            let isDurable = try isDurable(charge.doubt)
            if isDurable, charge.doubt?.rest.epoch == epoch {
                settle(event, isDurable: true, .goOn)
            } else {
                try catchUp(event)
                guard let state = charges[event]?.replica else { return }
                if state.partition.epoch != epoch { return reconsider(event) }
                charges[event]?.replica = nil
                settle(event, isDurable: isDurable, .write(state))
            }
            note("Event is written here again", event, epoch)
        } catch {
            unreadable(event, error)
            postpone(action, event)
        }
    }

    /// What has been read goes further than what was to be done about it.
    func reconsider(_ event: String) {
        guard let begun = charges[event]?.replica?.partition.ownership else { return }
        handle(.read(epoch: begun.epoch, owner: begun.owner), event)
    }

    private func stop(_ event: String) {
        guard let charge = charges[event], charge.isAside else { return }
        do {
            let isDurable = try isDurable(charge.doubt)
            settle(event, isDurable: isDurable, .stop)
            note("Event is written elsewhere", event, charge.ownership.epoch)
        } catch {
            unreadable(event, error)
            postpone(.stop, event)
        }
    }

    private func settle(_ event: String, isDurable: Bool, _ next: Settlement.Next) {
        charges[event]?.isAside = false
        charges[event]?.doubt = nil
        charges[event]?.isLeaving = false
        mailbox.deliver(.settled(event: event, Settlement(isDurable: isDurable, next: next)))
    }

    // MARK: Following

    private func follow(_ event: String) {
        charges[event]?.hinted = 0
        do {
            try catchUp(event)
            reconsider(event)
        } catch {
            unreadable(event, error)
        }
    }

    /// Replays what the journal has beyond the replica, and shows it.
    private func catchUp(_ event: String) throws {
        guard let sighted = charges[event]?.sighted else { return }
        guard let replica = takeReplica(of: event) else {
            let state = try Recovery.recover(event, from: journal)
            charges[event]?.replica = state
            charges[event]?.sighted = max(sighted, state.head.lastSequence)
            return show(event, state)
        }
        let next = replica.head.lastSequence + 1
        var replayer = replayer(resuming: consume replica)
        var read: [(JournalRow, [Fact])] = []
        do {
            try journal.read(partition: event, from: next) { row in
                read.append((row, try replayer.take(row)))
            }
        } catch {
            charges[event]?.replica = replayer.state
            throw error
        }
        charges[event]?.replica = replayer.state
        display(read, of: event)
    }

    /// While a state is replayed nobody else may hold it, or each change would copy it.
    func takeReplica(of event: String) -> RecoveredPartition? { charges[event]?.replica.take() }

    func replayer(resuming replica: consuming RecoveredPartition) -> Replayer {
        Replayer(resuming: replica) { [journal] in try journal.document(digest: $0) }
    }

    /// Shows what has been replayed, and tells the followers.
    func display(_ rows: [(JournalRow, [Fact])], of event: String) {
        guard !rows.isEmpty, let state = charges[event]?.replica else { return }
        let sighted = charges[event]?.sighted ?? 0
        charges[event]?.sighted = max(sighted, state.head.lastSequence)
        show(event, state)
        guard let handle = charges[event]?.handle else { return }
        let view = handle.view
        for (row, facts) in rows {
            handle.noteOrders(of: state.partition.buyers(ofOrdersIn: facts))
            for follower in followers { follower.observe(Committed(row: row, facts: facts, view: view)) }
        }
    }

    private func show(_ event: String, _ state: RecoveredPartition) {
        let view = EventView(state.partition, lastSequence: state.head.lastSequence)
        guard let handle = charges[event]?.handle else {
            let handle = EventHandle(
                id: event, view: view, buyers: state.partition.sale.buyersWithOrders, limits: limits, isHere: false)
            charges[event]?.handle = handle
            _ = directory.begin(event)
            directory.publish(handle)
            return
        }
        handle.publish(view)
    }

    private func unreadable(_ event: String, _ error: any Error) {
        if let damage = error as? JournalDamage {
            logger.critical(
                "Event is out of service: its journal is damaged",
                metadata: ["event": "\(event)", "error": "\(damage)"])
            charges[event] = nil
            damaged.insert(event)
            directory.takeOutOfService(event)
            return
        }
        logger.warning(
            "Event could not be read; will retry", metadata: ["event": "\(event)", "error": "\(error)"])
    }

    private func tell(_ row: JournalRow) {
        for follower in followers { follower.noteClaim(row) }
    }

    private func note(_ message: Logger.Message, _ event: String, _ epoch: UInt64) {
        logger.notice(message, metadata: ["event": "\(event)", "epoch": "\(epoch)", "node": "\(node)"])
    }

    // MARK: Handing over

    /// Asks the loop to give up an event that belongs elsewhere.
    private func leave(_ event: String) {
        guard charges[event]?.isLeaving == false else { return }
        let heir =
            isClosing
            ? neighbourhood.successor(of: event, at: now) : neighbourhood.betterOwner(of: event, at: now)
        guard let heir, isClosing || charges.values.count(where: \.isLeaving) < Steward.leavingMax else { return }
        charges[event]?.isLeaving = true
        charges[event]?.heir = heir
        mailbox.deliver(.release(event: event))
    }

    /// Writes the row that makes another node the owner.
    private func appoint(_ state: RecoveredPartition, _ handle: EventHandle) {
        let event = state.head.partition
        guard let charge = charges[event] else { return }
        charges[event]?.isAside = true
        charges[event]?.replica = nil
        let heir = charge.heir.flatMap { neighbourhood.isWell($0, at: now) ? $0 : nil } ?? node
        let row = state.head.claim(for: heir, lastTime: state.time, now: wall)
        switch journal.claim(row, owner: heir) {
        case .committed:
            tell(row)
            charges[event]?.replica = state
            charges[event]?.doubt = nil
            self.handle(.read(epoch: row.epoch, owner: heir), event)
        case .notAtHead: self.handle(.collided, event)
        case .full, .unavailable, .unknown:
            charges[event]?.doubt = .init(row: nil, rest: state.head, time: state.time)
            self.handle(.lostTrack, event)
        }
    }

    // MARK: Creating

    /// Writes an event's first row, which is its creation and makes us its owner.
    private func create(
        _ handle: EventHandle, _ partition: Partition, _ note: AuditNote?,
        _ reply: @escaping @Sendable (Result<Void, EngineError>) -> Void
    ) {
        let head = JournalHead.empty(handle.id)
        let facts = [.created(partition.definition)] + (note.map { [Fact.audited($0)] } ?? [])
        let row = head.claim(for: node, lastTime: wall, now: wall, after: facts)
        switch journal.claim(row, owner: node) {
        case .committed:
            tell(row)
            var charge = charges[handle.id] ?? Charge(ownership: Ownership(node: node))
            charge.handle = handle
            charge.sighted = max(charge.sighted, row.lastSequence)
            charges[handle.id] = charge
            _ = directory.begin(handle.id)
            directory.publish(handle)
            // The state is read back, so it is the journal's whatever happens next.
            self.handle(.read(epoch: row.epoch, owner: node), handle.id)
            // Whoever hears of the event may ask for it at once, so the loop must have it by then.
            mailbox.deliver(.reached { reply(.success(())) })
        case .notAtHead: reply(.failure(.eventExists))
        case .full: reply(.failure(.storageFull))
        // If it came to the journal after all, it will be seen there.
        case .unavailable, .unknown: reply(.failure(.unavailable))
        }
    }
}
