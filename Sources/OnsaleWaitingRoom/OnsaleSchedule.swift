public import OnsaleValues

/// When an onsale opens and how many it lets in, as the organizer set it.
public struct OnsaleSchedule: Hashable, Sendable {
    /// When the lobby opens; nil for no lobby.
    public var lobbyOpensAt: Timestamp?
    public var opensAt: Timestamp
    /// When the sale ends; nil for never.
    public var closesAt: Timestamp?
    /// Whether people line up. If not, whoever joins may have a pass at once, and the cap does not apply.
    public let hasWaitingRoom: Bool
    /// How many passes may live at a time.
    public var maxActiveShoppers: Int
    /// How long a pass lives, in seconds.
    public let passSeconds: Int

    public init(
        lobbyOpensAt: Timestamp?, opensAt: Timestamp, closesAt: Timestamp?, hasWaitingRoom: Bool,
        maxActiveShoppers: Int, passSeconds: Int
    ) {
        self.lobbyOpensAt = lobbyOpensAt
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.hasWaitingRoom = hasWaitingRoom
        self.maxActiveShoppers = maxActiveShoppers
        self.passSeconds = passSeconds
    }
}

/// Where an onsale stands. Whether it is sold out only the sale can say.
public enum OnsalePhase: String, Hashable, Sendable {
    case scheduled
    case lobby
    case open
    case paused
    case soldOut
    case closed
}

extension OnsaleSchedule {
    /// The phase at a moment.
    public func phase(at now: Timestamp, isPaused: Bool) -> OnsalePhase {
        if let closesAt, closesAt <= now { return .closed }
        if opensAt <= now { return isPaused ? .paused : .open }
        if let lobbyOpensAt, lobbyOpensAt <= now { return .lobby }
        return .scheduled
    }
}
