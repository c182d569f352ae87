public import OnsaleValues

/// A batch of facts as it stands in the journal.
public struct JournalRow: Hashable, Sendable {
    public let partition: String
    /// The number of its first fact; facts are numbered 1, 2, 3 … within their partition.
    public let sequence: UInt64
    public let time: Timestamp
    /// How many facts it holds.
    public let count: UInt32
    /// The facts, as ``Fact/encode(_:into:)`` writes them.
    public let payload: [UInt8]
    /// SHA-256 over the row and its predecessor's checksum.
    public let checksum: [UInt8]

    public init(
        partition: String, sequence: UInt64, time: Timestamp, count: UInt32, payload: [UInt8], checksum: [UInt8]
    ) {
        self.partition = partition
        self.sequence = sequence
        self.time = time
        self.count = count
        self.payload = payload
        self.checksum = checksum
    }

    /// The number of its last fact.
    public var lastSequence: UInt64 { sequence + UInt64(count) - 1 }
}

/// How far a partition's journal reaches. Kept apart from the rows, so that a cut-off tail is noticed.
public struct JournalHead: Hashable, Sendable {
    public let partition: String
    /// The number of its last fact; 0 before the first.
    public let lastSequence: UInt64
    /// The checksum of its last row; 32 zero bytes before the first.
    public let checksum: [UInt8]

    public init(partition: String, lastSequence: UInt64, checksum: [UInt8]) {
        self.partition = partition
        self.lastSequence = lastSequence
        self.checksum = checksum
    }

    /// The head of a partition that has no facts yet.
    public static func empty(_ partition: String) -> JournalHead {
        JournalHead(partition: partition, lastSequence: 0, checksum: [UInt8](repeating: 0, count: 32))
    }
}

/// What can go wrong with an append.
public enum JournalError: Error, Sendable {
    /// There is no room: nothing of it was kept, and a later one may succeed.
    case full
    /// The rows do not follow on the partition's head: somebody else has written. Nothing of the append was kept.
    case notAtHead(partition: String)
    /// It failed in a way that leaves open whether it is on disk: only reading can tell.
    case outcomeUnknown(any Error)
    /// What was to be read could not be had now.
    case unreadable(any Error)
}

/// The durable log of facts, partition by partition.
///
/// Calls block, so they are made on threads kept for it, never on the cooperative pool. Every adapter passes the one
/// conformance suite.
public protocol Journal: Sendable {
    /// The heads of all partitions, by name.
    func heads() throws -> [JournalHead]

    /// The names of all partitions that have rows.
    func partitions() throws -> [String]

    /// The head of one partition; nil if it has none.
    func head(of partition: String) throws -> JournalHead?

    /// When the newest row of all was written; nil for an empty journal.
    func latestTime() throws -> Timestamp?

    /// Appends rows of any number of partitions in one transaction and syncs it to disk. All or nothing: when it returns
    /// the rows are durable.
    /// - Throws: ``JournalError``.
    func append(_ rows: [JournalRow]) throws

    /// Hands the rows from the one that holds fact `sequence` on to `body`, in order.
    func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws

    /// Lets go of files and connections. Nothing is called after it.
    func close() throws
}

/// Everything that is kept of events. One adapter keeps it all, so that one folder or one database has it.
public typealias EventStore = Journal & SnapshotStore & DocumentStore
