public import OnsaleValues

/// Where the engine learns what time it is.
public protocol WallClock: Sendable {
    func now() -> Timestamp
}
