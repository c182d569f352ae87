import OnsaleSale
import OnsaleValues

/// Access to events: looks an event up, loads it if necessary, and puts requests into its inbox.
final class EventAccess: Sendable {
    let directory: EventDirectory
    private let mailbox: Mailbox
    private let loader: EventLoader
    private let isTrusted: @Sendable () -> Bool

    /// - Parameter isTrusted: whether this node may believe that it owns what it owned.
    init(
        directory: EventDirectory, mailbox: Mailbox, loader: EventLoader,
        isTrusted: @escaping @Sendable () -> Bool = { true }
    ) {
        self.isTrusted = isTrusted
        self.directory = directory
        self.mailbox = mailbox
        self.loader = loader
    }

    /// The event; loads it first if necessary.
    func event(_ id: String) async throws -> EventHandle {
        if let handle = try directory.loaded(id) { return handle }
        return try await withCheckedThrowingContinuation { continuation in
            switch directory.find(id, continuation) {
            case .wait: break
            case .handle(let handle): continuation.resume(returning: handle)
            case .refused(let error): continuation.resume(throwing: error)
            case .load: loader.load(id)
            }
        }
    }

    /// Finds an order by its public ID, loading its event if necessary, and reads it with `body`.
    /// - Returns: nil if there is no such order.
    func read<Value: Sendable>(
        order reference: String, _ body: @escaping @Sendable (Partition, Order) -> Value
    ) async throws -> (event: EventHandle, value: Value)? {
        guard let id = PublicID(.order, text: reference) else { return nil }
        guard let event = directory.event(tag: id.tag) else {
            // The order may belong to an event that is still loading.
            if directory.isLoading { throw EngineError.unavailable }
            return nil
        }
        let handle = try await self.event(event)
        let value = try await read(handle) { partition -> Value? in
            partition.sale.order(OrderID(id.serial)).flatMap { $0.placedAt == id.at ? body(partition, $0) : nil }
        }
        return value.map { (handle, $0) }
    }

    /// - Parameter epoch: what the command rests on was begun under this epoch and means nothing under another.
    func apply<Command: EventCommand>(
        _ command: Command, to event: EventHandle, under epoch: UInt64? = nil
    ) async throws -> Command.Answer {
        let wait = JournalWait(Command.self, event: event.id)
        return try await withCheckedThrowingContinuation { continuation in
            var envelope = command.envelope { continuation.resume(with: $0) }
            envelope.wait = wait
            envelope.epoch = epoch
            put(envelope, lane: Command.lane, into: event)
        }
    }

    func read<Value: Sendable>(
        _ event: EventHandle, _ body: @escaping @Sendable (Partition) -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            put(Envelope(reading: body) { continuation.resume(with: $0) }, lane: .passes, into: event)
        }
    }

    /// Whether the event is written here, under that epoch, as far as this node may believe.
    func isWritten(_ event: String, under epoch: UInt64) -> Bool {
        isTrusted() && (try? directory.loaded(event))?.epoch == epoch
    }

    func put(_ envelope: Envelope, lane: Lane, into event: EventHandle) {
        do throws(EventHandle.Refused) {
            if try event.put(envelope, lane: lane) { mailbox.tell(event) }
        } catch {
            switch error {
            case .full(let seconds): envelope.refuse(.overloaded(retryAfterSeconds: seconds))
            case .closed: retry(envelope, lane: lane, on: event.id)
            case .elsewhere: envelope.refuse(.moved)
            }
        }
    }

    /// The event was unloaded between lookup and use, so look it up again. That waits until it has been reloaded.
    private func retry(_ envelope: Envelope, lane: Lane, on id: String) {
        Task {
            do {
                let handle = try await event(id)
                put(envelope, lane: lane, into: handle)
            } catch {
                envelope.refuse(error as? EngineError ?? .shuttingDown)
            }
        }
    }
}
