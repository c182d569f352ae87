package import OnsaleEngine
package import OnsaleSale
package import OnsaleValues

/// Finds places in an event's journal by time, since rows stand in the order of their times.
package enum JournalSearch {
    private struct Enough: Error {}

    /// The first fact at or after `moment`; the one behind the last if there is none. Reads one row for each halving of
    /// the journal: 20 for a million facts.
    package static func firstFact(notBefore moment: Timestamp, of event: String, in journal: any Journal) throws
        -> UInt64
    {
        guard let head = try journal.head(of: event) else { return 1 }
        var low: UInt64 = 1
        var high = head.lastSequence + 1
        // All before `low` is earlier, and nothing from `high` on is. Both begin a row.
        while low < high {
            let middle = low + (high - low) / 2
            guard let row = try row(with: middle, of: event, in: journal) else { return high }
            if row.time < moment {
                low = row.lastSequence + 1
            } else {
                high = row.sequence
            }
        }
        return low
    }

    /// The hold by its public ID, as it was made; nil if there was no such hold.
    package static func hold(_ id: PublicID, of event: String, in journal: any EventStore) throws -> SaleFact.Held? {
        var found: SaleFact.Held?
        let first = try firstFact(notBefore: id.at, of: event, in: journal)
        try read(event, from: first, in: journal) { facts, time in
            guard time == id.at else { throw Enough() }
            for case .sale(.held(let held)) in facts where held.hold.serial == id.serial {
                found = held
                throw Enough()
            }
        }
        return found
    }

    /// Reads facts row by row. `body` may throw to end the reading.
    static func read(
        _ event: String, from sequence: UInt64, in journal: any EventStore,
        _ body: ([Fact], Timestamp) throws -> Void
    ) throws {
        do {
            try journal.read(partition: event, from: sequence) { row in
                try body(try Fact.decode(payload: row.payload, plans: { try journal.document(digest: $0) }), row.time)
            }
        } catch is Enough {}
    }

    private static func row(with sequence: UInt64, of event: String, in journal: any Journal) throws -> JournalRow? {
        var found: JournalRow?
        do {
            try journal.read(partition: event, from: sequence) { row in
                found = row
                throw Enough()
            }
        } catch is Enough {}
        return found
    }
}
