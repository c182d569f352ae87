import Foundation
public import Logging
import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom
import Synchronization

/// All events of a process: finds them, loads them on first use, and takes commands to their one writer.
public final class Engine: Sendable {
    private enum Entry {
        case loaded(EventHandle)
        case loading([CheckedContinuation<EventHandle, any Error>])
        case unloaded(EventSummary)
        case damaged
    }

    private let journal: any Journal
    private let clock: any WallClock
    private let limits: EngineLimits
    private let logger: Logger
    private let directory = Mutex<[String: Entry]>([:])
    private let loop: EngineLoop
    private let saga: SagaRunner
    private let loaders = DispatchQueue(label: "onsale.loaders", attributes: .concurrent)

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
        let unloadedHandler = Mutex<(@Sendable (EventHandle, Partition) -> Void)?>(nil)
        loop = EngineLoop(
            journal: journal, clock: clock, limits: limits, logger: logger,
            effects: { saga.take($0) },
            remind: { saga.remind($0) },
            unloaded: { handle, partition in unloadedHandler.withLock { $0 }?(handle, partition) },
            fatal: fatal)
        unloadedHandler.withLock { handler in
            handler = { [weak self] handle, partition in self?.unloaded(handle, partition) }
        }
        saga.bind(to: self)
    }

    public func now() -> Timestamp { clock.now() }

    /// Loads every event and starts the writer. Events with nothing unfinished are unloaded when they have been idle.
    public func start() throws {
        loop.start()
        for head in try journal.heads() {
            do {
                let recovered = try Recovery.recover(head.partition, from: journal)
                admit(recovered)
                logger.info(
                    "Event loaded",
                    metadata: ["event": "\(head.partition)", "facts": "\(recovered.head.lastSequence)"])
            } catch {
                directory.withLock { $0[head.partition] = .damaged }
                logger.critical(
                    "Event not loaded: its journal is damaged",
                    metadata: ["event": "\(head.partition)", "error": "\(error)"])
            }
        }
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

    private func admit(_ recovered: RecoveredPartition) {
        let view = EventView(recovered.partition, lastSequence: recovered.head.lastSequence)
        let handle = EventHandle(id: recovered.head.partition, view: view, limits: limits)
        let waiting = directory.withLock { directory in
            defer { directory[handle.id] = .loaded(handle) }
            if case .loading(let waiting)? = directory[handle.id] { return waiting }
            return []
        }
        loop.deliver(.loaded(handle, recovered))
        for continuation in waiting { continuation.resume(returning: handle) }
    }

    private func unloaded(_ handle: EventHandle, _ partition: Partition) {
        let summary = EventSummary(handle.view, buyers: partition.sale.buyersWithOrders)
        directory.withLock { $0[handle.id] = .unloaded(summary) }
        logger.info("Event unloaded", metadata: ["event": "\(handle.id)"])
    }

    // MARK: Events

    /// Creates an event. It exists once this returns.
    public func create(_ definition: EventDefinition, document: [UInt8]?) async throws -> EventView {
        let isNew = directory.withLock { directory in
            guard directory[definition.id] == nil else { return false }
            directory[definition.id] = .loading([])
            return true
        }
        guard isNew else { throw EngineError.eventExists }
        do {
            if let document, let digest = definition.planDigest {
                try await onLoader { try self.journal.putDocument(document, digest: digest) }
            }
            let partition = Partition(definition: definition)
            let handle = EventHandle(
                id: definition.id, view: EventView(partition, lastSequence: 0), limits: limits)
            let result = await withCheckedContinuation { continuation in
                loop.deliver(.created(handle, definition) { continuation.resume(returning: $0) })
            }
            _ = try result.get()
            let waiting = directory.withLock { directory in
                defer { directory[definition.id] = .loaded(handle) }
                if case .loading(let waiting)? = directory[definition.id] { return waiting }
                return []
            }
            for continuation in waiting { continuation.resume(returning: handle) }
            return handle.view
        } catch {
            let waiting = directory.withLock { directory in
                if case .loading(let waiting)? = directory.removeValue(forKey: definition.id) { return waiting }
                return []
            }
            for continuation in waiting { continuation.resume(throwing: EngineError.noSuchEvent) }
            if case JournalError.full = error { throw EngineError.storageFull }
            throw error
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

    /// The event, loaded if it was not.
    public func event(_ id: String) async throws -> EventHandle {
        if let handle = try loadedEvent(id) { return handle }
        return try await withCheckedThrowingContinuation { continuation in
            enum Next { case wait, load, give(EventHandle), fail(EngineError) }
            let next = directory.withLock { directory -> Next in
                switch directory[id] {
                case .loaded(let handle): return .give(handle)
                case .loading(let waiting):
                    directory[id] = .loading(waiting + [continuation])
                    return .wait
                case .unloaded:
                    directory[id] = .loading([continuation])
                    return .load
                case .damaged: return .fail(.damaged)
                case nil: return .fail(.noSuchEvent)
                }
            }
            switch next {
            case .wait: break
            case .give(let handle): continuation.resume(returning: handle)
            case .fail(let error): continuation.resume(throwing: error)
            case .load: load(id)
            }
        }
    }

    private func loadedEvent(_ id: String) throws(EngineError) -> EventHandle? {
        try directory.withLock { directory throws(EngineError) in
            switch directory[id] {
            case .loaded(let handle): return handle
            case .loading, .unloaded: return nil
            case .damaged: throw .damaged
            case nil: throw .noSuchEvent
            }
        }
    }

    private func load(_ id: String) {
        loaders.async { [self] in
            do {
                admit(try Recovery.recover(id, from: journal))
            } catch {
                logger.critical(
                    "Event not loaded: its journal is damaged", metadata: ["event": "\(id)", "error": "\(error)"])
                let waiting = directory.withLock { directory in
                    defer { directory[id] = .damaged }
                    if case .loading(let waiting)? = directory[id] { return waiting }
                    return []
                }
                for continuation in waiting { continuation.resume(throwing: EngineError.damaged) }
            }
        }
    }

    private func onLoader<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            loaders.async { continuation.resume(with: Result { try body() }) }
        }
    }

    /// All events, loaded or not, by id.
    public func summaries() -> [EventSummary] {
        let entries = directory.withLock { $0 }
        return entries.values.compactMap { entry in
            switch entry {
            case .loaded(let handle): EventSummary(handle.view)
            case .unloaded(let summary): summary
            case .loading, .damaged: nil
            }
        }.sorted { $0.id < $1.id }
    }

    /// The newest view of an event, also when it has been unloaded or loaded anew since `event` was looked up.
    public func view(of event: EventHandle) -> EventView {
        directory.withLock { directory in
            if case .loaded(let handle)? = directory[event.id] { return handle.view }
            return event.view
        }
    }

    /// The views of the events that are loaded.
    public func loadedViews() -> [EventView] {
        directory.withLock { directory in
            directory.values.compactMap { entry in
                if case .loaded(let handle) = entry { return handle.view }
                return nil
            }
        }
    }

    // MARK: Commands

    /// Takes a command to the event's writer. Returns when its facts are on disk.
    /// - Parameter waitUntil: an order that is not final is answered when it is, or at that moment.
    public func apply(
        _ command: Command, to event: EventHandle, waitUntil: Timestamp? = nil
    ) async throws -> Outcome {
        let result = await withCheckedContinuation { continuation in
            submit(command, to: event, waitUntil: waitUntil) { continuation.resume(returning: $0) }
        }
        switch result {
        case .success(let outcome): return outcome
        case .failure(let error): throw error
        }
    }

    /// As ``apply(_:to:waitUntil:)``, without waiting: `reply` is called on the writer's thread and must not block.
    public func submit(
        _ command: Command, to event: EventHandle, waitUntil: Timestamp? = nil,
        reply: @escaping @Sendable (Result<Outcome, EngineError>) -> Void
    ) {
        put(.command(command, waitUntil: waitUntil, reply), lane: Lane(command), into: event)
    }

    /// Reads the state as it stands after everything that was asked before.
    public func read<Value: Sendable>(
        _ event: EventHandle, _ body: @escaping @Sendable (Partition) -> Value
    ) async throws -> Value {
        let result: Result<Value, EngineError> = await withCheckedContinuation { continuation in
            let envelope = Envelope.read(
                body: { partition in
                    let value = body(partition)
                    return { continuation.resume(returning: .success(value)) }
                },
                failed: { continuation.resume(returning: .failure($0)) })
            put(envelope, lane: .passes, into: event)
        }
        return try result.get()
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

    /// The event was unloaded between look-up and use: look it up again.
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

    /// Asks the provider about an order, unless that is under way: for a webhook, which is believed in nothing else.
    public func inquire(about reference: String) async {
        guard let id = PublicID(.order, text: reference) else { return }
        let handle = directory.withLock { directory in
            directory.values.lazy.compactMap { entry in
                if case .loaded(let handle) = entry, handle.tag == id.tag { return handle }
                return nil
            }.first
        }
        if let handle { await saga.inquire(OrderID(id.serial), at: id.at, of: handle) }
    }
}

/// What a list of events shows; kept for those that are unloaded.
public struct EventSummary: Sendable {
    public let id: String
    public let title: String
    public let venue: String
    public let startsAt: Timestamp
    public let currency: String
    public let prices: [(category: String, amount: Int64)]
    public let schedule: OnsaleSchedule
    public let isPaused: Bool
    public let isSoldOut: Bool
    /// Buyers who have orders here, sorted, so that a buyer's orders are found without loading every event.
    let buyers: [BuyerID]

    public init(_ view: EventView) {
        self.init(view, buyers: [])
    }

    init(_ view: EventView, buyers: [BuyerID]) {
        id = view.definition.id
        title = view.definition.title
        venue = view.definition.venue
        startsAt = view.definition.startsAt
        currency = view.definition.currency
        prices = zip(view.definition.plan.categories, view.definition.terms.prices).map { ($0, $1) }
        schedule = view.schedule
        isPaused = view.isPaused
        isSoldOut = view.counts.free == 0 && view.counts.held == 0
        self.buyers = buyers
    }

    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = schedule.phase(at: now, isPaused: isPaused)
        return phase == .open && isSoldOut ? .soldOut : phase
    }
}

extension Engine {
    /// The events in which a buyer may have orders.
    public func eventsWithOrders(of buyer: BuyerID) -> [String] {
        directory.withLock { directory in
            directory.compactMap { id, entry in
                switch entry {
                case .loaded, .loading: id
                case .unloaded(let summary): summary.buyers.contains(sorted: buyer) ? id : nil
                case .damaged: nil
                }
            }
        }.sorted()
    }
}

extension [BuyerID] {
    fileprivate func contains(sorted buyer: BuyerID) -> Bool {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < buyer { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == buyer
    }
}
