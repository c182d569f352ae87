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

/// A state as it was at some fact, so that recovery need not replay what came before.
public struct Snapshot: Hashable, Sendable {
    public let partition: String
    /// The last fact that it includes.
    public let lastSequence: UInt64
    /// The checksum of the row that ends there: ties the snapshot to this very journal.
    public let rowChecksum: [UInt8]
    public let time: Timestamp
    public let payload: [UInt8]

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

/// An event that was unloaded, as the list of events shows it.
public struct DormantEvent: Hashable, Sendable {
    public let partition: String
    /// The last fact that it includes.
    public let lastSequence: UInt64
    public let payload: [UInt8]

    public init(partition: String, lastSequence: UInt64, payload: [UInt8]) {
        self.partition = partition
        self.lastSequence = lastSequence
        self.payload = payload
    }
}

/// What can go wrong with a journal.
public enum JournalError: Error, Sendable {
    /// There is no room: nothing of the append was kept, and a later one may succeed.
    case full
    /// The rows do not follow on the partition's head: somebody else has written.
    case notAtHead(partition: String)
    /// A write or sync failed in a way that leaves the outcome unknown. The process must end.
    case failed(any Error)
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

    /// Appends rows of any number of partitions in one transaction and syncs it to disk. All or nothing: when it
    /// returns the rows are durable, when it throws ``JournalError/full`` or ``JournalError/notAtHead(partition:)``
    /// none is there.
    func append(_ rows: [JournalRow]) throws

    /// Hands the rows from the one that holds fact `sequence` on to `body`, in order.
    func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws

    /// Keeps a snapshot; the newest few are kept. Losing one loses nothing.
    func save(_ snapshot: Snapshot) throws

    /// The newest snapshot, if one is there and undamaged.
    func latestSnapshot(of partition: String) throws -> Snapshot?

    /// Keeps what is told of an event that nobody uses, so that it need not be loaded at the next start. Losing it loses
    /// nothing.
    func save(_ dormant: DormantEvent) throws

    /// The events that were put to rest. Those whose journal has gone on since are to be passed over.
    func dormantEvents() throws -> [DormantEvent]

    /// Keeps a document under its SHA-256, durably. Keeping one twice is fine.
    func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws

    /// The document with that SHA-256.
    func document(digest: [UInt8]) throws -> [UInt8]?

    /// Lets go of files and connections. Nothing is called after it.
    func close() throws
}
