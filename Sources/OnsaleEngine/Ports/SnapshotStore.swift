public import OnsaleValues

/// A saved state, so recovery doesn't have to replay the facts before it.
public struct Snapshot: Hashable, Sendable {
    /// The ID of the event.
    public let partition: String
    /// The last fact it includes.
    public let lastSequence: UInt64
    /// The checksum of the row that ends with that fact; it ties the snapshot to this journal.
    public let rowChecksum: [UInt8]
    /// The time of that row.
    public let time: Timestamp
    /// The state, as ``Partition/encodeSnapshot()`` writes it.
    public let payload: [UInt8]

    /// A snapshot with these values.
    public init(
        partition: String, lastSequence: UInt64, rowChecksum: [UInt8], time: Timestamp, payload: [UInt8]
    ) {
        self.partition = partition
        self.lastSequence = lastSequence
        self.rowChecksum = rowChecksum
        self.time = time
        self.payload = payload
    }
}

/// The summary of an unloaded event, so a start can list the event without loading it.
public struct DormantEvent: Hashable, Sendable {
    /// The ID of the event.
    public let partition: String
    /// The last fact it includes.
    public let lastSequence: UInt64
    /// The encoded ``EventSummary``.
    public let payload: [UInt8]

    /// A dormant event with these values.
    public init(partition: String, lastSequence: UInt64, payload: [UInt8]) {
        self.partition = partition
        self.lastSequence = lastSequence
        self.payload = payload
    }
}

/// Stores what makes a start faster. It can be lost without losing data.
public protocol SnapshotStore: Sendable {
    /// Saves a snapshot. Only the newest few of each partition are kept.
    /// - Throws: ``JournalError``.
    func save(_ snapshot: Snapshot) throws

    /// The newest undamaged snapshot, if any.
    /// - Throws: ``JournalError``.
    func latestSnapshot(of partition: String) throws -> Snapshot?

    /// Saves the summary of an unloaded event, so the next start doesn't load it.
    /// - Throws: ``JournalError``.
    func save(_ dormant: DormantEvent) throws

    /// All saved summaries. Ignore those whose journal has grown since.
    /// - Throws: ``JournalError``.
    func dormantEvents() throws -> [DormantEvent]
}
