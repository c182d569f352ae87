import OnsaleTables
import Synchronization

/// How the service stands, as others may ask at any time. A class, since the worker and they share it.
final class DocumentsStatus: Sendable {
    /// Parts that this remembers; more than a process has events on sale.
    private static let partsMax = 256

    private struct State {
        var counts: [String: Int] = [:]
        var trouble: String?
        var parts: Set<String> = []
    }

    private let state = Mutex(State())

    var counts: [String: Int] { state.withLock { $0.counts } }
    var trouble: String? { state.withLock { $0.trouble } }

    func works() { state.withLock { $0.trouble = nil } }
    func fails(_ trouble: String) { state.withLock { $0.trouble = trouble } }

    /// Shared parts that are in the tables for sure.
    var knownParts: Set<String> { state.withLock { $0.parts } }

    func add(parts: [String]) {
        state.withLock { state in
            if state.parts.count > DocumentsStatus.partsMax { state.parts = [] }
            state.parts.formUnion(parts)
        }
    }

    /// Counts.
    /// - Throws: ``TablesError``, errors of the session.
    func look(at tables: any Tables) async throws {
        let counts = try await tables.read { session in
            let orders = try OrderStore.counts(in: session)
            return [
                "queued": orders.due, "voided": orders.void, "unprintable": orders.unprintable,
                "files": try DocumentStore.count(in: session),
            ]
        }
        state.withLock { $0.counts = counts }
    }
}
