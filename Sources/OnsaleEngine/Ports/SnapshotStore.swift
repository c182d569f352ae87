public import OnsaleValues

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

/// What makes starting faster. Losing it loses nothing.
public protocol SnapshotStore: Sendable {
    /// Keeps a snapshot; the newest few are kept.
    func save(_ snapshot: Snapshot) throws

    /// The newest snapshot, if one is there and undamaged.
    func latestSnapshot(of partition: String) throws -> Snapshot?

    /// Keeps what is told of an event that nobody uses, so that it need not be loaded at the next start.
    func save(_ dormant: DormantEvent) throws

    /// The events that were put to rest. Those whose journal has gone on since are to be passed over.
    func dormantEvents() throws -> [DormantEvent]
}
