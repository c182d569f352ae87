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
    /// The epoch under which its writer owned the event; 0 where nobody shares the journal.
    public let epoch: UInt64

    /// A row with these values. To write facts after a head, use ``JournalHead/row(payload:count:time:epoch:)``.
    public init(
        partition: String, sequence: UInt64, time: Timestamp, count: UInt32, payload: [UInt8], checksum: [UInt8],
        epoch: UInt64 = 0
    ) {
        self.epoch = epoch
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
    /// The epoch of its last row.
    public let epoch: UInt64

    /// A head with these values.
    public init(partition: String, lastSequence: UInt64, checksum: [UInt8], epoch: UInt64 = 0) {
        self.epoch = epoch
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
    /// The read failed; it may succeed later.
    case unreadable(any Error)
}

/// What became of a row.
public enum AppendOutcome: Sendable {
    /// It is durable.
    case committed
    /// There is no room. Nothing was written; a later attempt may succeed.
    case full
    /// It doesn't follow the partition's head: someone else has written, or is writing. Nothing was written.
    case notAtHead
    /// Nothing was sent, and nothing written, for a reason that may pass.
    case unavailable(any Error)
    /// It may or may not have been written, or may still be. Only reading can tell.
    case unknown(any Error)
}

/// The durable log of facts, by partition.
///
/// Calls other than ``append(_:done:)`` block, so make them on dedicated threads, never on the cooperative pool. Every adapter must pass the shared
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

    /// How many batches may be under way at a time.
    var batchesMax: Int { get }

    /// Begins to append rows: one at most of each partition, in one transaction with one sync. One partition's trouble
    /// costs the others nothing.
    /// - Parameter done: called exactly once, with an outcome for each row, in order; from any thread, and possibly
    ///   before this returns.
    func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void)

    /// Appends a row that begins an epoch for `owner`. Unlike ``append(_:done:)`` it waits for whoever is writing at
    /// that place, so it also settles what became of their row.
    func claim(_ row: JournalRow, owner: NodeID) -> AppendOutcome

    /// Passes rows to `body` in order, starting with the one that contains fact `sequence`.
    /// - Throws: ``JournalError``, or what `body` throws; that stops the reading.
    func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws

    /// Closes files and connections. No other call may follow.
    func close() throws
}

/// Everything stored about events. One adapter implements all of it, so one folder or database holds it all.
public typealias EventStore = Journal & SnapshotStore & DocumentStore
