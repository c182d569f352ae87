import Foundation
public import Logging
public import OnsaleSale
public import OnsaleValues
package import OnsaleOwnership
import OnsaleWaitingRoom
import Synchronization

/// All events of a process. Finds them, loads them on first use, and passes commands to their single writer.
public final class Engine: Sendable {
    private let journal: any EventStore
    private let clock: any WallClock
    private let limits: EngineLimits
    private let logger: Logger
    private let directory = EventDirectory()
    private let mailbox = Mailbox()
    private let loader: EventLoader
    private let thread: WriterThread
    private let saga: SagaRunner
    private let followers: [any Follower]
    private let observer: any LoopObserver
    private let fatal: @Sendable (String) -> Void
    /// nil where nobody shares the journal.
    private let member: ClusterMember?

    /// The journal of all events, for consumers that must not miss anything.
    public let tail: JournalTail

    /// - Parameter fatal: must end the process; called with the reason when nobody knows what is on disk.
    public convenience init(
        journal: any EventStore, clock: any WallClock, payments: any PaymentGateway,
        limits: EngineLimits = EngineLimits(),
        logger: Logger, fatal: @escaping @Sendable (String) -> Void
    ) {
        self.init(
            journal: journal, clock: clock, payments: payments, limits: limits, followers: [], logger: logger,
            fatal: fatal)
    }

    /// - Parameters:
    ///   - followers: told of every committed batch.
    ///   - observer: watches the writer loop.
    ///   - membership: this node among those that share the journal; nil where nobody does.
    package init(
        journal: any EventStore, clock: any WallClock, payments: any PaymentGateway,
        limits: EngineLimits = EngineLimits(), followers: [any Follower],
        observer: (any LoopObserver)? = nil, membership: Membership? = nil, logger: Logger,
        fatal: @escaping @Sendable (String) -> Void
    ) {
        var limits = limits
        // A node keeps every event at hand, since it may have to take it any moment.
        if membership != nil { limits.idleSeconds = Int(Int32.max) }
        self.journal = journal
        self.clock = clock
        self.limits = limits
        self.logger = logger
        self.fatal = fatal
        loader = EventLoader(
            journal: journal, limits: limits, logger: logger, directory: directory, mailbox: mailbox)
        let lease = membership.map { _ in Lease() }
        let isTrusted: @Sendable () -> Bool = { lease?.isValid(at: ClusterMember.now) ?? true }
        let thread = WriterThread(mailbox: mailbox, clock: clock, isTrusted: isTrusted)
        self.thread = thread
        saga = SagaRunner(
            events: EventAccess(directory: directory, mailbox: mailbox, loader: loader, isTrusted: isTrusted),
            gateway: payments, clock: clock, logger: logger)
        if let membership, let lease {
            member = ClusterMember(
                membership, lease: lease, inbox: StewardInbox(), clock: clock, health: { thread.health },
                logger: logger)
        } else {
            member = nil
        }
        tail = JournalTail(journal: journal)
        self.followers = [saga, tail] + followers
        self.observer = observer ?? NoLoopObserver()
    }

    private var events: EventAccess { saga.events }

    public func now() -> Timestamp { clock.now() }

    /// Whether changes can be written.
    package var writer: WriterHealth { thread.health }

    /// How many turns the writer loop has made; at rest it makes one per second.
    package var turns: Int { thread.turns }

    /// How many orders a call to the provider is in progress for, and how many wait for theirs.
    package var payments: (running: Int, waiting: Int) { saga.load }

    /// How many events there are, by what they are doing.
    package var eventCounts: (loaded: Int, resting: Int, outOfService: Int) { directory.counts }

    /// The health of the payment provider, as far as known.
    public var provider: ProviderHealth { saga.health }

    /// Starts the writer and loads every event that may have something to do. Events that were unloaded as idle stay
    /// unloaded across a restart.
    /// - Throws: ``JournalError`` if the journal can't be read.
    public func start() throws {
        let housekeeping = Housekeeping(
            journal: journal, limits: limits, logger: logger, directory: directory, mailbox: mailbox, loader: loader,
            queue: DispatchQueue(label: "onsale.snapshots", qos: .utility))
        thread.start { [journal, limits, logger, directory, mailbox, followers, observer, fatal, member] in
            WriterLoop(
                journal: journal, limits: limits, logger: logger, directory: directory, mailbox: mailbox,
                housekeeping: housekeeping, followers: followers, observer: observer, custody: member?.inbox,
                seed: { (0..<Draw.seedBytes).map { _ in UInt8.random(in: 0...255) } }, fatal: fatal)
        }
        if let member {
            join(member)
            return saga.start()
        }
        let heads = try journal.heads()
        let dormant = Dictionary(
            try journal.dormantEvents().map { ($0.partition, $0) }, uniquingKeysWith: { first, _ in first })
        for head in heads {
            if let resting = dormant[head.partition], resting.lastSequence == head.lastSequence,
                let summary = try? EventSummary(decoding: resting.payload), summary.id == head.partition
            {
                directory.begin(dormant: summary)
            } else if directory.begin(head.partition) {
                loader.loadNow(head.partition)
            }
        }
        saga.start()
    }

    private func join(_ member: ClusterMember) {
        member.start(
            { [directory, mailbox] in Lookout(directory: directory, mailbox: mailbox, lease: member.lease) },
            { [journal, directory, mailbox, followers, limits, logger] in
                Steward(
                    node: member.node, inbox: member.inbox, journal: journal, directory: directory, mailbox: mailbox,
                    followers: followers, limits: limits, logger: logger)
            })
    }

    /// Prepares to stop: every request that waits for an order to be paid is answered with the order's current state.
    public func drain() {
        mailbox.deliver(.drain)
    }

    /// Leaves this node's events to the others, if there are any, while it goes on passing on what is asked of it. Takes
    /// some seconds at most.
    public func leave() async { await member?.leave() }

    /// Waits until this node has found the others and read every event, so that it can answer; at most so long.
    /// - Returns: whether it has.
    public func join(atMostSeconds seconds: Int) async -> Bool {
        for _ in 0..<seconds * 20 where !isInTouch { try? await Task.sleep(for: .milliseconds(50)) }
        return isInTouch
    }

    /// Stops payments and the writer: answers what still waits and saves snapshots.
    public func stop() async {
        await saga.stop()
        await leave()
        await thread.stop()
    }

    // MARK: Events

    /// Creates an event. It is durable once this returns.
    /// - Parameters:
    ///   - document: the seating plan as uploaded; its SHA-256 is `definition.planDigest`.
    ///   - note: who did it.
    /// - Throws: ``EngineError``, or ``JournalError``.
    public func create(
        _ definition: EventDefinition, document: [UInt8]?, note: AuditNote? = nil
    ) async throws -> EventView {
        guard directory.begin(definition.id) else { throw EngineError.eventExists }
        do {
            let (partition, definition) = try await prepare(definition, document)
            let handle = EventHandle(
                id: definition.id, view: EventView(partition, lastSequence: 0), limits: limits, isHere: member == nil)
            let result = await withCheckedContinuation { continuation in
                let reply: EventWriter.Created = { continuation.resume(returning: $0) }
                if let member {
                    member.inbox.put(.create(handle, partition, note, reply))
                } else {
                    mailbox.deliver(.created(handle, partition, reply))
                }
            }
            _ = try result.get()
            // Among nodes it is in the first row, since the event may belong to another one by now.
            if member == nil, let note { try await apply(TakeNote(note), to: handle) }
            return handle.view
        } catch {
            // An event out of service stays so until someone has looked at it.
            if error as? EngineError != .outOfService { directory.forget(definition.id, .noSuchEvent) }
            if case JournalError.full = error { throw EngineError.storageFull }
            throw error
        }
    }

    /// Does the expensive part of creating an event off the writer's thread: storing documents and building the state.
    private func prepare(
        _ definition: EventDefinition, _ document: [UInt8]?
    ) async throws -> (Partition, EventDefinition) {
        try await loader.run { [journal] in
            if let document, let digest = definition.planDigest {
                try journal.putDocument(document, digest: digest)
            }
            let apart = definition.withPlanApart()
            try journal.putDocument(apart.document, digest: apart.digest)
            return (Partition(definition: apart.definition), apart.definition)
        }
    }

    /// A random tag for a new event.
    public static func randomTag() -> UInt64 {
        UInt64.random(in: 0..<1 << 40)
    }

    /// A stored document, such as a seating plan as uploaded; nil if there is none.
    public func document(digest: [UInt8]) async throws -> [UInt8]? {
        try await loader.run { [journal] in try journal.document(digest: digest) }
    }

    /// Stores a document that can be recreated if lost.
    public func keepDocument(_ bytes: [UInt8], digest: [UInt8]) async throws {
        try await loader.run { [journal] in try journal.putDocument(bytes, digest: digest) }
    }

    /// The event; loads it first if necessary.
    /// - Throws: ``EngineError``.
    public func event(_ id: String) async throws -> EventHandle {
        do { return try await events.event(id) } catch EngineError.noSuchEvent {
            guard let member else { throw EngineError.noSuchEvent }
            // Another node may have created it this moment.
            guard await member.nextNews() else { throw EngineError.unavailable }
            return try await events.event(id)
        }
    }

    /// All events, loaded or not, sorted by ID.
    public func summaries() -> [EventSummary] { directory.summaries() }

    /// The newest view of an event, even if it has been unloaded or reloaded since `event` was looked up.
    public func view(of event: EventHandle) -> EventView {
        (try? directory.loaded(event.id))?.view ?? event.view
    }

    /// The views of all loaded events that are written here.
    public func loadedViews() -> [EventView] { directory.views() }

    /// The IDs of the events in which a buyer may have orders.
    public func eventsWithOrders(of buyer: BuyerID) -> [String] {
        directory.events(withOrdersOf: buyer)
    }

    // MARK: Nodes

    /// Whether this node shares its journal with others.
    package var isShared: Bool { member != nil }

    /// Whether an event is written here, or may be, since nobody shares the journal.
    package func isWritten(_ event: String) -> Bool {
        member == nil || (try? directory.loaded(event))?.isHere ?? false
    }

    /// Whether it has heard from the others lately, and has read all events; true where nobody shares the journal.
    package var isInTouch: Bool { member.map { $0.isInTouch && $0.isReady } ?? true }

    /// Who owns an event, as far as known here; nil if nobody is known to.
    package func seat(of event: String) -> EventSeat? { member?.inbox.seat(of: event) }
    package var seats: [String: EventSeat] { member?.inbox.seats ?? [:] }
    /// The other nodes that are well.
    package var neighbours: [RegisteredNode] { member?.inbox.nodes.well ?? [] }
    /// The other nodes that don't answer this one though the registry says that they are well.
    package var muted: [RegisteredNode] { member?.inbox.nodes.muted ?? [] }
    /// All nodes that the registry knows.
    package var nodes: [RegisteredNode] { member?.inbox.nodes.all ?? [] }
    /// A node doesn't answer: for a while its events count as nobody's.
    package func noteSilence(of node: NodeID) { member?.inbox.mute(node) }

    /// Another node says that it has committed a row. Whether that is true, the journal's chain decides.
    package func hear(_ row: JournalRow) { member?.inbox.hear(.row(row)) }
    /// Another node says that an event's journal reaches this fact.
    package func hear(of event: String, through lastSequence: UInt64) {
        member?.inbox.hear(.reaches(event: event, lastSequence: lastSequence))
    }
    /// What became of that.
    package var heardRows: HeardFigures { member?.inbox.heard ?? HeardFigures() }

    /// The ID of the event whose orders, holds and tickets have this tag in theirs; nil if none is known.
    package func id(ofEventWithTag tag: UInt64) -> String? { directory.event(tag: tag) }

    // MARK: Commands

    /// Sends a command to the event's writer. Returns once its facts are on disk.
    /// - Throws: ``EngineError``, or the command's reason for refusing.
    public func apply<Command: EventCommand>(
        _ command: Command, to event: EventHandle
    ) async throws -> Command.Answer {
        try await events.apply(command, to: event)
    }

    /// Places an order and waits for its payment to be decided.
    /// - Parameter waitUntil: the latest moment to answer, with the order's state at that time.
    /// - Throws: ``EngineError``, or ``Refusal``.
    public func apply(_ command: PlaceOrder, to event: EventHandle, waitUntil: Timestamp) async throws -> Order {
        saga.requests.note(event: event.id, hold: command.hold)
        let wait = JournalWait(PlaceOrder.self, event: event.id)
        return try await withCheckedThrowingContinuation { continuation in
            var envelope = Envelope(command, waitUntil: waitUntil) { continuation.resume(with: $0) }
            envelope.wait = wait
            events.put(envelope, lane: PlaceOrder.lane, into: event)
        }
    }

    /// Like ``apply(_:to:)`` but doesn't wait. `reply` runs on the writer's thread and must not block.
    public func submit<Command: EventCommand>(
        _ command: Command, to event: EventHandle,
        reply: @escaping @Sendable (Result<Command.Answer, any Error>) -> Void
    ) {
        events.put(command.envelope(reply), lane: Command.lane, into: event)
    }

    /// Reads the state on the writer's thread, after everything requested before.
    public func read<Value: Sendable>(
        _ event: EventHandle, _ body: @escaping @Sendable (Partition) -> Value
    ) async throws -> Value {
        try await events.read(event, body)
    }

    // MARK: Payments

    /// Asks the provider about an order because of a webhook. Nothing the webhook itself says is trusted.
    /// - Parameters:
    ///   - reference: the order's public ID, if the webhook names it.
    ///   - intent: otherwise the payment; the provider is asked which order it belongs to.
    ///   - isAboutReturn: whether money may have gone back without our asking.
    public func inquire(about reference: String?, intent: String?, isAboutReturn: Bool) {
        saga.inquire(about: reference, intent: intent, isAboutReturn: isAboutReturn)
    }
}
