/// How much waits where, and when state is put away.
public struct EngineLimits: Sendable {
    /// Envelopes that may wait in each lane of an event's inbox; more are refused. The provider's results have no limit
    /// of their own: there is at most one for each order in flight.
    public var laneMax: [Int]
    /// Envelopes taken from each lane for one batch.
    public var laneShare: [Int]
    /// A snapshot is taken after so many facts.
    public var snapshotFacts: UInt64
    /// An event with no unfinished business is unloaded after so many idle seconds.
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
