package import Logging
package import OnsaleBus
package import OnsaleMigrations
import OnsaleValues
import Synchronization

/// What a service does with an event: it changes its own tables and says what follows. Whatever talks to the outside
/// works from those tables, later.
package protocol TableService: Sendable {
    /// The group of consumers, and what people call it.
    var name: String { get }
    var topics: [Topic] { get }
    /// Whether what is late may be later still while others want the processors. What has a deadline isn't patient.
    var isPatient: Bool { get }

    /// Takes in an event that comes for the first time. Runs in the transaction that notes it, and blocks; may run again
    /// if that fails.
    /// - Returns: what follows at once, to be published.
    /// - Throws: ``Unacceptable`` for an event that no further attempt will help, anything else to be asked again.
    func take(_ event: CloudEvent, at now: Int64, in session: any SQLSession) throws -> [CloudEvent]
}

extension TableService {
    package var isPatient: Bool { true }
}

/// Brings a service its events, each once in effect, and publishes what it says.
package struct ServiceDesk: Sendable {
    /// The most events published at a time.
    private static let batchMax = 256
    /// How often to look for events that a process that died has left behind.
    private static let lookSeconds = 5
    private static let forgottenMax = 1_000
    private static let forgetSeconds = 600

    package let service: any TableService
    package let tables: any Tables
    private let bus: any EventBus
    private let logger: Logger
    /// Rings when there is something in the outbox.
    package let outbox = Doorbell()
    /// Rings when the service has taken something in.
    package let taken = Doorbell()
    private let standing = DeskStanding()

    /// Why the bus can't be heard or told; nil while it can.
    package var trouble: String? { standing.trouble }

    package init(_ service: any TableService, tables: any Tables, bus: any EventBus, logger: Logger) {
        self.service = service
        self.tables = tables
        self.bus = bus
        self.logger = logger
    }

    /// Works until the task is cancelled.
    package func run() async {
        let consumer = Consumer(
            service.name, of: service.topics, on: bus, handler: Handler(desk: self), logger: logger,
            onFailure: { standing.hears($0) },
            rest: {
                let pause = Leftover.shared.pause(after: standing.takeLateWork())
                // Cancelled, it goes on at once.
                if pause > .zero { try? await Task.sleep(for: pause) }
            })
        await withDiscardingTaskGroup { group in
            group.addTask { await consumer.run() }
            group.addTask { await publish() }
            group.addTask { await forget() }
        }
    }

    private struct Handler: EventHandler {
        let desk: ServiceDesk

        func check() async throws {
            // As much as any event needs.
            try await desk.tables.write { session in _ = try session.rows("SELECT 1", []) }
        }

        func handle(_ events: [CloudEvent]) async throws {
            let (service, tables) = (desk.service, desk.tables)
            let began = ContinuousClock.now
            let (now, said) = try await tables.write { session in
                let now = try tables.now(in: session)
                var said = 0
                for event in events where try Inbox.note(event.identity, at: now, in: session) {
                    for answer in try service.take(event, at: now, in: session) {
                        try Outbox.add(answer, in: session)
                        said += 1
                    }
                }
                return (now, said)
            }
            if said > 0 { desk.outbox.ring() }
            desk.taken.ring()
            guard service.isPatient,
                events.contains(where: { $0.time.milliseconds < Leftover.lateBefore(at: now) })
            else { return }
            desk.standing.add(lateWork: ContinuousClock.now - began)
        }
    }

    private func publish() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                let rings = outbox.rings
                let entries = try await tables.read { try Outbox.next(limit: ServiceDesk.batchMax, in: $0) }
                for entry in entries where entry.event == nil {
                    logger.error(
                        "An event of the outbox can't be read and is left out",
                        metadata: ["service": "\(service.name)", "identity": "\(entry.identity)"])
                }
                if entries.isEmpty {
                    try await outbox.wait(after: rings, atMost: .seconds(ServiceDesk.lookSeconds))
                } else {
                    try await bus.publish(entries.compactMap(\.event))
                    try await tables.write { try Outbox.remove(entries.map(\.identity), in: $0) }
                }
                failures = 0
                standing.tells(nil)
            } catch {
                if Task.isCancelled { return }
                failures += 1
                standing.tells("\(error)")
                logger.warning(
                    "A service's events couldn't be published; they stay in its outbox",
                    metadata: ["service": "\(service.name)", "error": "\(error)", "attempt": "\(failures)"])
                try? await Task.sleep(for: .milliseconds(min(10_000, 100 << min(failures, 10))))
            }
        }
    }

    private func forget() async {
        while !Task.isCancelled {
            let mayBeMore = try? await tables.write { session in
                try Inbox.forget(
                    before: tables.now(in: session) - Inbox.rememberedMilliseconds, limit: ServiceDesk.forgottenMax,
                    in: session)
            }
            if mayBeMore != true { try? await Task.sleep(for: .seconds(ServiceDesk.forgetSeconds)) }
        }
    }
}

/// How a desk gets on with the bus. A class because its tasks share it.
private final class DeskStanding: Sendable {
    private let failures = Mutex<(hearing: String?, telling: String?)>((nil, nil))

    var trouble: String? {
        let (hearing, telling) = failures.withLock { $0 }
        if let hearing { return "What the bus says can't be taken in: \(hearing)" }
        return telling.map { "The bus can't be told: \($0)" }
    }

    private let lateWork = Mutex(Duration.zero)

    func add(lateWork work: Duration) { lateWork.withLock { $0 += work } }

    func takeLateWork() -> Duration {
        lateWork.withLock { work in
            defer { work = .zero }
            return work
        }
    }

    func hears(_ failure: String?) { failures.withLock { $0.hearing = failure } }

    func tells(_ failure: String?) { failures.withLock { $0.telling = failure } }
}
