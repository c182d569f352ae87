/// Limits on what may wait in inboxes, and when snapshots are taken and idle events unloaded.
public struct EngineLimits: Sendable {
    /// The most envelopes in each lane of an event's inbox; more are refused. The payments lane needs no limit, since
    /// each order in progress adds at most one.
    public var laneMax: [Int]
    /// The most envelopes taken from each lane for one batch.
    public var laneShare: [Int]
    /// The number of facts after which to take another snapshot.
    public var snapshotFacts: UInt64
    /// An event without unfinished business is unloaded after this many idle seconds.
    public var idleSeconds: Int

    public init(
        laneMax: [Int] = [.max, 8192, 16384, 16384, 65536],
        laneShare: [Int] = [8192, 2048, 4096, 2048, 4096],
        snapshotFacts: UInt64 = 250_000,
        idleSeconds: Int = 600
    ) {
        self.laneMax = laneMax
        self.laneShare = laneShare
        self.snapshotFacts = snapshotFacts
        self.idleSeconds = idleSeconds
    }
}
