import Foundation
import Logging
import OnsaleSale

/// Reads events from the journal, off the writer's thread, and hands them to the writer.
final class EventLoader: Sendable {
    /// Seconds until the next attempt to load an event that could not be read at the start.
    private static let retrySeconds = 5.0

    private let journal: any EventStore
    private let limits: EngineLimits
    private let logger: Logger
    private let directory: EventDirectory
    private let mailbox: Mailbox
    private let queue = DispatchQueue(label: "onsale.loaders", attributes: .concurrent)
    /// Limits concurrent loads, since each may need the memory of a large event.
    private let slots = DispatchSemaphore(value: 4)

    init(journal: any EventStore, limits: EngineLimits, logger: Logger, directory: EventDirectory, mailbox: Mailbox) {
        self.journal = journal
        self.limits = limits
        self.logger = logger
        self.directory = directory
        self.mailbox = mailbox
    }

    /// Runs blocking work off the cooperative pool.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    func load(_ id: String) {
        queue.async { [self] in
            slots.wait()
            defer { slots.signal() }
            loadNow(id)
        }
    }

    /// Reads an event and hands it to the writer, which publishes it.
    func loadNow(_ id: String) {
        do {
            let recovered = try Recovery.recover(id, from: journal)
            let view = EventView(recovered.partition, lastSequence: recovered.head.lastSequence)
            let handle = EventHandle(
                id: id, view: view, buyers: recovered.partition.sale.buyersWithOrders, limits: limits)
            mailbox.deliver(.loaded(handle, recovered))
            logger.info("Event loaded", metadata: ["event": "\(id)", "facts": "\(recovered.head.lastSequence)"])
        } catch let damage as JournalDamage {
            logger.critical(
                "Event is out of service: its journal is damaged",
                metadata: ["event": "\(id)", "error": "\(damage)"])
            directory.takeOutOfService(id)
        } catch {
            logger.error(
                "Event could not be loaded; the next request tries again",
                metadata: ["event": "\(id)", "error": "\(error)"])
            if directory.postpone(id) {
                queue.asyncAfter(deadline: .now() + EventLoader.retrySeconds) { [weak self] in
                    if let self, directory.beginAgain(id) { loadNow(id) }
                }
            }
        }
    }
}
