import Dispatch
public import OnsaleEngine
import Synchronization

/// A row did not come to the journal.
public struct AppendRefused: Error {
    public let outcome: AppendOutcome
}

extension Journal {
    /// Appends rows and waits until they are durable.
    /// - Throws: ``AppendRefused`` for the first that isn't.
    public func append(_ rows: [JournalRow]) throws {
        for outcome in outcomes(of: rows) {
            if case .committed = outcome { continue }
            throw AppendRefused(outcome: outcome)
        }
    }

    /// Appends rows and waits for what becomes of them.
    public func outcomes(of rows: [JournalRow]) -> [AppendOutcome] {
        let landed = Landed()
        append(rows) { outcomes in
            landed.outcomes.withLock { $0 = outcomes }
            landed.done.signal()
        }
        landed.done.wait()
        return landed.outcomes.withLock { $0 }
    }
}

private final class Landed: Sendable {
    let outcomes = Mutex<[AppendOutcome]>([])
    let done = DispatchSemaphore(value: 0)
}
