import Foundation
public import Logging
public import OnsaleSale
public import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// All events of a process: finds them, loads them on first use, and takes commands to their one writer.
public final class Engine: Sendable {
    private let journal: any Journal
    private let clock: any WallClock
    private let limits: EngineLimits
    private let logger: Logger
    private let directory = EventDirectory()
    private let loop: EngineLoop
    private let saga: SagaRunner
    private let loaders = DispatchQueue(label: "onsale.loaders", attributes: .concurrent)
    /// How many loads are under way at a time: each may need the memory of a large event.
    private let loadSlots = DispatchSemaphore(value: 4)

    /// - Parameter fatal: ends the process; called when it is unknown what is on disk.
    public init(
        journal: any Journal, clock: any WallClock, payments: any PaymentGateway, limits: EngineLimits = EngineLimits(),
        logger: Logger, fatal: @escaping @Sendable (String) -> Void
    ) {
        self.journal = journal
        self.clock = clock
        self.limits = limits
        self.logger = logger
        let saga = SagaRunner(gateway: payments, clock: clock, logger: logger)
        self.saga = saga
        let reload = Mutex<(@Sendable (String) -> Void)?>(nil)
        loop = EngineLoop(
            journal: journal, clock: clock, limits: limits, logger: logger, directory: directory,
            effects: { saga.take($0) },
            remind: { saga.remind($0) },
            reload: { id in reload.withLock { $0 }?(id) },
            fatal: fatal)
        reload.withLock { $0 = { [weak self] id in self?.load(id) } }
        saga.bind(to: self)
    }

    public func now() -> Timestamp { clock.now() }

    /// How often the writer's loop has turned; at rest that is once a second.
    package var turns: Int { loop.turns }

    /// What is known of the payment provider.
    public var provider: ProviderHealth { saga.health }

    /// Starts the writer, and loads every event that may have something to do. Events with nothing unfinished are
    /// unloaded when they have been idle, and stay so over a restart.
    public func start() throws {
        loop.start()
        let heads = try journal.heads()
        let dormant = Dictionary(
            try journal.dormantEvents().map { ($0.partition, $0) }, uniquingKeysWith: { first, _ in first })
        for head in heads {
            if let resting = dormant[head.partition], resting.lastSequence == head.lastSequence,
                let summary = try? EventSummary(decoding: resting.payload), summary.id == head.partition
            {
                directory.begin(dormant: summary)
            } else if directory.begin(head.partition) {
                loadNow(head.partition)
            }
        }
        saga.start()
    }

    /// The process is about to end: whoever waits for an order is answered with the order as it stands.
    public func hurry() {
        loop.deliver(.hurry)
    }

    /// Answers what waits and puts everything away.
    public func stop() async {
        await saga.stop()
        await loop.stop()
    }

    // MARK: Events

    /// Creates an event. It exists once this returns.
    public func create(_ definition: EventDefinition, document: [UInt8]?) async throws -> EventView {
        guard directory.begin(definition.id) else { throw EngineError.eventExists }
        do {
            let (partition, definition) = try await prepare(definition, document)
            let handle = EventHandle(
                id: definition.id, view: EventView(partition, lastSequence: 0), limits: limits)
            let result = await withCheckedContinuation { continuation in
                loop.deliver(.created(handle, partition) { continuation.resume(returning: $0) })
            }
            _ = try result.get()
            return handle.view
        } catch {
            directory.forget(definition.id, .noSuchEvent)
            if case JournalError.full = error { throw EngineError.storageFull }
            throw error
        }
    }

    /// Does all that is large about a new event away from the writer: its documents, and its first state.
    private func prepare(
        _ definition: EventDefinition, _ document: [UInt8]?
    ) async throws -> (Partition, EventDefinition) {
        try await onLoader { [journal] in
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

    /// The seating plan as it was given.
    public func document(digest: [UInt8]) async throws -> [UInt8]? {
        try await onLoader { try self.journal.document(digest: digest) }
    }

    /// Keeps a document that can be made again.
    public func keepDocument(_ bytes: [UInt8], digest: [UInt8]) async throws {
        try await onLoader { try self.journal.putDocument(bytes, digest: digest) }
    }

    /// The event, loaded if it was not.
    public func event(_ id: String) async throws -> EventHandle {
        if let handle = try directory.loaded(id) { return handle }
        return try await withCheckedThrowingContinuation { continuation in
            switch directory.find(id, continuation) {
            case .wait: break
            case .handle(let handle): continuation.resume(returning: handle)
            case .refused(let error): continuation.resume(throwing: error)
            case .load: load(id)
            }
        }
    }

    private func load(_ id: String) {
        loaders.async { [self] in
            loadSlots.wait()
            defer { loadSlots.signal() }
            loadNow(id)
        }
    }

    /// Reads an event and hands it to the loop, which publishes it.
    private func loadNow(_ id: String) {
        do {
            let recovered = try Recovery.recover(id, from: journal)
            let view = EventView(recovered.partition, lastSequence: recovered.head.lastSequence)
            let handle = EventHandle(
                id: id, view: view, buyers: recovered.partition.sale.buyersWithOrders, limits: limits)
            loop.deliver(.loaded(handle, recovered))
            logger.info("Event loaded", metadata: ["event": "\(id)", "facts": "\(recovered.head.lastSequence)"])
        } catch let damage as JournalDamage {
            logger.critical(
                "An event is out of service: its journal is damaged",
                metadata: ["event": "\(id)", "error": "\(damage)"])
            directory.takeOutOfService(id)
        } catch {
            logger.error(
                "An event could not be loaded; the next request tries again",
                metadata: ["event": "\(id)", "error": "\(error)"])
            if directory.postpone(id) {
                loaders.asyncAfter(deadline: .now() + Engine.retrySeconds) { [weak self] in
                    if let self, directory.beginAgain(id) { loadNow(id) }
                }
            }
        }
    }

    /// How soon an event is tried again of which nothing could be read.
    private static let retrySeconds = 5.0

    private func onLoader<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            loaders.async { continuation.resume(with: Result { try body() }) }
        }
    }

    /// All events, loaded or not, by id.
    public func summaries() -> [EventSummary] { directory.summaries() }

    /// The newest view of an event, also when it has been unloaded or loaded anew since `event` was looked up.
    public func view(of event: EventHandle) -> EventView {
        (try? directory.loaded(event.id))?.view ?? event.view
    }

    /// The views of the events that are loaded.
    public func loadedViews() -> [EventView] { directory.views() }

    /// The events in which a buyer may have orders.
    public func eventsWithOrders(of buyer: BuyerID) -> [String] {
        directory.events(withOrdersOf: buyer)
    }

    // MARK: Commands

    /// Takes a command to the event's writer. Returns when its facts are on disk.
    /// - Throws: ``EngineError``, or why nothing was changed.
    public func apply<Command: EventCommand>(
        _ command: Command, to event: EventHandle
    ) async throws -> Command.Answer {
        try await withCheckedThrowingContinuation { continuation in
            submit(command, to: event) { continuation.resume(with: $0) }
        }
    }

    /// Places an order, and waits for it to be paid or not.
    /// - Parameter waitUntil: the order is answered as it stands then.
    public func apply(_ command: PlaceOrder, to event: EventHandle, waitUntil: Timestamp) async throws -> Order {
        try await withCheckedThrowingContinuation { continuation in
            let envelope = Envelope(command, waitUntil: waitUntil) { continuation.resume(with: $0) }
            put(envelope, lane: PlaceOrder.lane, into: event)
        }
    }

    /// As ``apply(_:to:)``, without waiting: `reply` is called on the writer's thread and must not block.
    public func submit<Command: EventCommand>(
        _ command: Command, to event: EventHandle,
        reply: @escaping @Sendable (Result<Command.Answer, any Error>) -> Void
    ) {
        put(Envelope(command, reply), lane: Command.lane, into: event)
    }

    /// Reads the state as it stands after everything that was asked before.
    public func read<Value: Sendable>(
        _ event: EventHandle, _ body: @escaping @Sendable (Partition) -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            put(Envelope(reading: body) { continuation.resume(with: $0) }, lane: .passes, into: event)
        }
    }

    private func put(_ envelope: Envelope, lane: Lane, into event: EventHandle) {
        do throws(EventHandle.Refused) {
            if try event.put(envelope, lane: lane) { loop.tell(event) }
        } catch {
            switch error {
            case .full(let seconds): envelope.fail(.overloaded(retryAfterSeconds: seconds))
            case .closed: retry(envelope, lane: lane, on: event.id)
            }
        }
    }

    /// The event was unloaded between look-up and use: look it up again. By then it is not to be had any more, so this
    /// waits until it is loaded anew.
    private func retry(_ envelope: Envelope, lane: Lane, on id: String) {
        Task {
            do {
                let handle = try await event(id)
                put(envelope, lane: lane, into: handle)
            } catch {
                envelope.fail(error as? EngineError ?? .shuttingDown)
            }
        }
    }

    // MARK: Payments

    /// Asks the provider about an order: for a webhook, which is believed in nothing else.
    /// - Parameters:
    ///   - reference: the order's public id, if the webhook tells it.
    ///   - intent: else the payment, of which the provider is asked whose it is.
    ///   - isAboutReturn: whether money may have gone back without our asking.
    public func inquire(about reference: String?, intent: String?, isAboutReturn: Bool) {
        saga.inquire(about: reference, intent: intent, isAboutReturn: isAboutReturn)
    }

    /// The order of that public id, with its event, which is loaded if it was not.
    func order(_ reference: String) async throws -> (event: EventHandle, order: OrderID)? {
        guard let id = PublicID(.order, text: reference) else { return nil }
        guard let event = directory.event(tag: id.tag) else {
            // It may be one of those that are just being loaded.
            if directory.isLoading { throw EngineError.unavailable }
            return nil
        }
        let handle = try await self.event(event)
        let order = try await read(handle) { $0.sale.order(OrderID(id.serial)) }
        return order?.placedAt == id.at ? (handle, OrderID(id.serial)) : nil
    }
}
