public import OnsaleValues
import Synchronization

/// A journal in memory, lost with the process: for simulations, and for measuring what the disk costs.
public final class MemoryJournal: EventStore {
    private struct State {
        var rows: [String: [JournalRow]] = [:]
        var heads: [String: JournalHead] = [:]
        var snapshots: [String: Snapshot] = [:]
        var dormant: [String: DormantEvent] = [:]
        var documents: [[UInt8]: [UInt8]] = [:]
        var isFull = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Makes appends fail as on a full disk.
    public func setFull(_ isFull: Bool) {
        state.withLock { $0.isFull = isFull }
    }

    public func heads() throws -> [JournalHead] {
        state.withLock { $0.heads.values.sorted { $0.partition < $1.partition } }
    }

    public func partitions() throws -> [String] {
        state.withLock { $0.rows.keys.sorted() }
    }

    public func head(of partition: String) throws -> JournalHead? {
        state.withLock { $0.heads[partition] }
    }

    public func latestTime() throws -> Timestamp? {
        state.withLock { $0.rows.values.compactMap { $0.last?.time }.max() }
    }

    public var batchesMax: Int { 1 }

    public func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void) {
        let outcomes = state.withLock { state in
            rows.map { row in MemoryJournal.append(row, to: &state) { row.follows($0) } }
        }
        done(outcomes)
    }

    public func claim(_ row: JournalRow, owner: NodeID) -> AppendOutcome {
        state.withLock { state in MemoryJournal.append(row, to: &state) { row.beginsEpoch(after: $0) } }
    }

    private static func append(
        _ row: JournalRow, to state: inout State, if fits: (JournalHead) -> Bool
    ) -> AppendOutcome {
        if state.isFull { return .full }
        let head = state.heads[row.partition] ?? .empty(row.partition)
        guard fits(head) else { return .notAtHead }
        state.heads[row.partition] = head.advanced(by: row)
        state.rows[row.partition, default: []].append(row)
        return .committed
    }

    public func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws {
        let rows = state.withLock { $0.rows[partition] ?? [] }
        for row in rows where row.lastSequence >= sequence { try body(row) }
    }

    public func save(_ snapshot: Snapshot) throws {
        state.withLock { $0.snapshots[snapshot.partition] = snapshot }
    }

    public func latestSnapshot(of partition: String) throws -> Snapshot? {
        state.withLock { $0.snapshots[partition] }
    }

    public func save(_ dormant: DormantEvent) throws {
        state.withLock { $0.dormant[dormant.partition] = dormant }
    }

    public func dormantEvents() throws -> [DormantEvent] {
        state.withLock { Array($0.dormant.values) }
    }

    public func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws {
        state.withLock { $0.documents[digest] = bytes }
    }

    public func document(digest: [UInt8]) throws -> [UInt8]? {
        state.withLock { $0.documents[digest] }
    }

    public func close() throws {}
}
