public import OnsaleValues

/// The organizer's settings: when an onsale opens and how many people it admits at a time.
public struct OnsaleSchedule: Hashable, Sendable {
    /// When the lobby opens; nil for no lobby.
    public var lobbyOpensAt: Timestamp?
    public var opensAt: Timestamp
    /// When the sale ends; nil for never.
    public var closesAt: Timestamp?
    /// Whether people line up. If not, everyone who joins can have a pass at once, and the cap doesn't apply.
    public let hasWaitingRoom: Bool
    /// The cap: how many passes and calls may be live at a time.
    public var maxActiveShoppers: Int
    /// How long a pass lives, in seconds.
    public let passSeconds: Int
    /// A pass ends after this many seconds without a live hold or an order in progress.
    public let passIdleSeconds: Int
    /// How long after its number was passed over, in seconds, a place may still return to the front.
    public let frontSeconds: Int

    public static let passIdleSecondsDefault = 120
    public static let frontSecondsDefault = 300

    public init(
        lobbyOpensAt: Timestamp?, opensAt: Timestamp, closesAt: Timestamp?, hasWaitingRoom: Bool,
        maxActiveShoppers: Int, passSeconds: Int, passIdleSeconds: Int = passIdleSecondsDefault,
        frontSeconds: Int = frontSecondsDefault
    ) {
        self.lobbyOpensAt = lobbyOpensAt
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.hasWaitingRoom = hasWaitingRoom
        self.maxActiveShoppers = maxActiveShoppers
        self.passSeconds = passSeconds
        self.passIdleSeconds = passIdleSeconds
        self.frontSeconds = frontSeconds
    }
}

/// The phase of an onsale. The schedule alone never gives `soldOut`; only the sale knows.
public enum OnsalePhase: String, Hashable, Sendable {
    case scheduled
    case lobby
    case open
    case paused
    case soldOut
    case closed
}

extension OnsaleSchedule {
    /// The phase at a moment, as far as the schedule knows: never `soldOut`.
    public func phase(at now: Timestamp, isPaused: Bool) -> OnsalePhase {
        if let closesAt, closesAt <= now { return .closed }
        if opensAt <= now { return isPaused ? .paused : .open }
        if let lobbyOpensAt, lobbyOpensAt <= now { return .lobby }
        return .scheduled
    }
}

/// A change to a schedule; nil leaves a value as it is.
public struct ScheduleChange: Hashable, Sendable {
    /// `.some(nil)` removes the lobby.
    public var lobbyOpensAt: Timestamp??
    public var opensAt: Timestamp?
    public var closesAt: Timestamp??
    public var maxActiveShoppers: Int?

    public init(
        lobbyOpensAt: Timestamp??, opensAt: Timestamp?, closesAt: Timestamp??, maxActiveShoppers: Int?
    ) {
        self.lobbyOpensAt = lobbyOpensAt
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.maxActiveShoppers = maxActiveShoppers
    }
}

extension OnsaleSchedule {
    /// The schedule with the change applied.
    func changed(by change: ScheduleChange) -> OnsaleSchedule {
        var schedule = self
        if let lobbyOpensAt = change.lobbyOpensAt { schedule.lobbyOpensAt = lobbyOpensAt }
        if let opensAt = change.opensAt { schedule.opensAt = opensAt }
        if let closesAt = change.closesAt { schedule.closesAt = closesAt }
        if let maxActiveShoppers = change.maxActiveShoppers { schedule.maxActiveShoppers = maxActiveShoppers }
        return schedule
    }

    /// Whether the lobby opens no later than the sale, and the sale ends after it opens.
    public var isInOrder: Bool {
        (lobbyOpensAt.map { $0 <= opensAt } ?? true) && (closesAt.map { $0 > opensAt } ?? true)
    }
}

extension ByteWriter {
    public mutating func write(schedule: OnsaleSchedule) {
        write(optional: schedule.lobbyOpensAt) { $0.write(timestamp: $1) }
        write(timestamp: schedule.opensAt)
        write(optional: schedule.closesAt) { $0.write(timestamp: $1) }
        write(flag: schedule.hasWaitingRoom)
        write(count: schedule.maxActiveShoppers)
        write(count: schedule.passSeconds)
        write(count: schedule.passIdleSeconds)
        write(count: schedule.frontSeconds)
    }
}

extension ByteReader {
    public mutating func schedule() throws(ByteReadingError) -> OnsaleSchedule {
        OnsaleSchedule(
            lobbyOpensAt: try optional { (reader: inout ByteReader) throws(ByteReadingError) in
                try reader.timestamp()
            },
            opensAt: try timestamp(),
            closesAt: try optional { (reader: inout ByteReader) throws(ByteReadingError) in try reader.timestamp() },
            hasWaitingRoom: try flag(), maxActiveShoppers: try number(), passSeconds: try number(),
            // Form 1 has neither field.
            passIdleSeconds: form == 1 ? OnsaleSchedule.passIdleSecondsDefault : try number(),
            frontSeconds: form == 1 ? OnsaleSchedule.frontSecondsDefault : try number())
    }
}
