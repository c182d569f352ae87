import HTTPTypes
import Hummingbird
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// Takes requests to their event, and turns its refusals into problems the caller understands.
struct EventClient: Sendable {
    let engine: Engine

    private static let idBytesMax = 64

    func now() -> Timestamp { engine.now() }

    /// The event named in the path.
    func event(_ context: OnsaleContext) async throws -> EventHandle {
        try await engine.event(EventClient.id(context))
    }

    /// The event's id in the path. Only text that can be one is looked up anywhere.
    static func id(_ context: OnsaleContext) throws(Problem) -> String {
        guard let id = context.parameters.get("event"), id.utf8.count <= EventClient.idBytesMax,
            id.utf8.allSatisfy({ $0 < 0x80 })
        else { throw .notFound }
        return id
    }

    /// Applies a command to its event.
    /// - Throws: ``Problem`` if the event refuses.
    @discardableResult
    func apply<Command: EventCommand>(_ command: Command, to event: EventHandle) async throws -> Command.Answer {
        try await refusing(event) { try await engine.apply(command, to: event) }
    }

    /// The same, and records who of the staff it was.
    @discardableResult
    func apply<Command: EventCommand>(
        _ command: Command, to event: EventHandle, by member: StaffMember, as action: AuditNote.Action,
        _ detail: String = ""
    ) async throws -> Command.Answer {
        try await apply(Audited(command, as: member.note(action, detail)), to: event)
    }

    func apply(_ command: PlaceOrder, to event: EventHandle, waitSeconds: Int) async throws -> Order {
        try await refusing(event) {
            try await engine.apply(command, to: event, waitUntil: now().adding(seconds: waitSeconds))
        }
    }

    func read<Value: Sendable>(
        _ event: EventHandle, _ body: @escaping @Sendable (Partition) -> Value
    ) async throws -> Value {
        try await engine.read(event, body)
    }

    /// Reads something that a buyer may be refused.
    func readOrRefuse<Value: Sendable>(
        _ event: EventHandle, _ body: @escaping @Sendable (Partition) throws(Refusal) -> Value
    ) async throws -> Value {
        try await refusing(event) {
            try await engine.read(event) { partition in Result { () throws(Refusal) in try body(partition) } }.get()
        }
    }

    private func refusing<Answer>(_ event: EventHandle, _ body: () async throws -> Answer) async throws -> Answer {
        do { return try await body() } catch let refusal as Refusal {
            throw Problem(refusal, in: event.view.definition)
        } catch let refusal as LineRefusal {
            throw Problem(refusal)
        }
    }
}
