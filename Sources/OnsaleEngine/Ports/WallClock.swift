public import OnsaleValues

/// The engine's source of time.
public protocol WallClock: Sendable {
    /// The current time of day.
    func now() -> Timestamp
}
