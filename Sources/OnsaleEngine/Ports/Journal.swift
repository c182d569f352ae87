public import OnsaleValues

/// One batch of facts in the journal.
public struct JournalRow: Hashable, Sendable {
    /// The ID of the event whose facts these are.
    public let partition: String
    /// The number of its first fact; facts are numbered 1, 2, 3 … within their partition.
    public let sequence: UInt64
    /// When its facts happened, by the engine's clock; never earlier than the row before.
    public let time: Timestamp
    /// How many facts it holds.
    public let count: UInt32
    /// The facts, as ``Fact/encode(_:into:)`` writes them.
    public let payload: [UInt8]
    /// SHA-256 over the row and its predecessor's checksum; see ``JournalChain``.
    public let checksum: [UInt8]

    /// A row with these values. To write facts after a head, use ``JournalHead/row(payload:count:time:)``.
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

/// Where a partition's journal ends. Stored apart from the rows, so a missing tail is noticed.
public struct JournalHead: Hashable, Sendable {
    /// The ID of the event.
    public let partition: String
    /// The number of its last fact; 0 before the first.
    public let lastSequence: UInt64
    /// The checksum of its last row; 32 zero bytes before the first.
    public let checksum: [UInt8]

    /// A head with these values.
    public init(partition: String, lastSequence: UInt64, checksum: [UInt8]) {
        self.partition = partition
        self.lastSequence = lastSequence
        self.checksum = checksum
    }

    /// The head of a partition without facts.
    public static func empty(_ partition: String) -> JournalHead {
        JournalHead(partition: partition, lastSequence: 0, checksum: [UInt8](repeating: 0, count: 32))
    }
}

/// Why a call to the event store failed.
public enum JournalError: Error, Sendable {
    /// The disk is full. Nothing was written; a later attempt may succeed.
    case full
    /// The rows don't follow the partition's head: another process has written. Nothing was written.
    case notAtHead(partition: String)
    /// The append failed, and the rows may or may not be on disk. Only reading them back can tell.
    case outcomeUnknown(any Error)
    /// The read failed; it may succeed later.
    case unreadable(any Error)
}

/// The durable log of facts, by partition.
///
/// Calls block, so make them on dedicated threads, never on the cooperative pool. Every adapter must pass the shared
/// conformance suite, `JournalConformanceTests`.
public protocol Journal: Sendable {
    /// The heads of all partitions, sorted by name.
    func heads() throws -> [JournalHead]

    /// The names of all partitions with rows, sorted.
    func partitions() throws -> [String]

    /// The head of one partition; nil if it has none.
    func head(of partition: String) throws -> JournalHead?

    /// The time of the newest row in any partition; nil if the journal is empty.
    func latestTime() throws -> Timestamp?

    /// Appends rows of any number of partitions in one transaction and syncs it to disk. It is all or nothing, and once
    /// it returns the rows are durable.
    /// - Throws: ``JournalError``.
    func append(_ rows: [JournalRow]) throws

    /// Passes rows to `body` in order, starting with the one that contains fact `sequence`.
    /// - Throws: ``JournalError``, or what `body` throws; that stops the reading.
    func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws

    /// Closes files and connections. No other call may follow.
    func close() throws
}

/// Everything stored about events. One adapter implements all of it, so one folder or database holds it all.
public typealias EventStore = Journal & SnapshotStore & DocumentStore
