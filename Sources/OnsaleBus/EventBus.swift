/// Carries what has happened from those who say it to those who listen.
///
/// At least once: a message may come again, with the same ``CloudEvent/identity``. Messages with the same key come in
/// the order in which they were published. Every adapter passes the same conformance suite.
public protocol EventBus: Sendable {
    /// Publishes events in their order.
    ///
    /// Returns once all of them are durable: whoever keeps a position moves it then. After an error some may have been
    /// published; publish all of them again.
    /// - Throws: ``BusError``, `CancellationError`.
    func publish(_ events: [CloudEvent]) async throws

    /// Puts away messages that a group of consumers can't handle. Durable when it returns.
    /// - Throws: ``BusError``, `CancellationError`.
    func bury(_ letters: [DeadLetter]) async throws

    /// Joins a group of consumers, which divide the lanes of these topics among them.
    ///
    /// A lane has one member at a time, but for a member that is cut off and hasn't noticed yet: what that one commits
    /// then has no effect. A new group begins at the oldest message.
    /// - Throws: ``BusError``, `CancellationError`.
    func join(_ group: String, topics: [Topic]) async throws -> any BusMembership

    /// How far groups are behind, lane by lane.
    /// - Throws: ``BusError``, `CancellationError`.
    func lag(of groups: [String: [Topic]]) async throws -> [BusLag]

    /// The dead letters that nobody has redriven yet, the oldest of each topic first.
    /// - Parameter limit: the most a topic.
    /// - Throws: ``BusError``, `CancellationError`.
    func letters(limit: Int) async throws -> [DeadLetter]

    /// Publishes dead letters once more where they came from, the oldest first. Groups that have handled them pass them
    /// over.
    /// - Parameter limit: the most a topic.
    /// - Returns: how many.
    /// - Throws: ``BusError``, `CancellationError`.
    func redrive(limit: Int) async throws -> Int

    /// Ends it. What is under way fails.
    func close() async
}

/// A consumer's place in its group. Use it from one task at a time.
public protocol BusMembership: Sendable {
    /// The next messages, in each lane's order. Waits for the first one, or until `wait` is over.
    /// - Parameters:
    ///   - limit: the most messages.
    ///   - paused: lanes to take none from.
    /// - Throws: ``BusError``, `CancellationError`.
    func next(limit: Int, except paused: Set<Lane>, wait: Duration) async throws -> BusUpdate

    /// Notes how far the group has come: in each lane, the offset of the first message that is still to be handled.
    /// Lanes that this member doesn't have any more are left alone.
    /// - Throws: ``BusError``, `CancellationError`.
    func commit(_ offsets: [Lane: Int64]) async throws

    /// Leaves the group, so that others get its lanes at once.
    func leave() async
}

/// Part of a topic. All messages with the same key are in the same one.
public struct Lane: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let topic: Topic
    public let number: Int32

    public init(_ topic: Topic, _ number: Int32) {
        self.topic = topic
        self.number = number
    }

    public var description: String { "\(topic.rawValue)/\(number)" }

    public static func < (left: Lane, right: Lane) -> Bool {
        (left.topic, left.number) < (right.topic, right.number)
    }
}

/// What a member learns.
public struct BusUpdate: Sendable {
    /// Lanes that others have now, or had in between: whatever was delivered from them before and isn't committed comes
    /// again, to whoever has them. True before ``deliveries``.
    public var lost: Set<Lane>
    public var deliveries: [Delivery]

    public init(lost: Set<Lane> = [], deliveries: [Delivery] = []) {
        self.lost = lost
        self.deliveries = deliveries
    }
}

/// A message on its way to a consumer.
public struct Delivery: Sendable {
    public let lane: Lane
    /// Its place in the lane. Later messages have larger ones.
    public let offset: Int64
    public let message: BusMessage

    public init(lane: Lane, offset: Int64, message: BusMessage) {
        self.lane = lane
        self.offset = offset
        self.message = message
    }
}

/// A message as it lies on the bus, readable or not.
public struct BusMessage: Hashable, Sendable {
    public struct Header: Hashable, Sendable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public let key: String
    public let headers: [Header]
    public let data: [UInt8]

    public init(key: String, headers: [Header], data: [UInt8]) {
        self.key = key
        self.headers = headers
        self.data = data
    }
}

/// A message that a group of consumers couldn't handle.
public struct DeadLetter: Hashable, Sendable {
    public let topic: Topic
    public let message: BusMessage
    /// The group that gave it up, and why.
    public let group: String
    public let reason: String

    public init(topic: Topic, message: BusMessage, group: String, reason: String) {
        self.topic = topic
        self.message = message
        self.group = group
        self.reason = reason
    }
}

/// How far a group is behind in a lane.
public struct BusLag: Hashable, Sendable {
    public let group: String
    public let lane: Lane
    /// Messages that are still to be handled.
    public let messages: Int64

    public init(group: String, lane: Lane, messages: Int64) {
        self.group = group
        self.lane = lane
        self.messages = messages
    }
}

/// Why a bus didn't do what it was asked.
public struct BusError: Error, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Nobody answered in time, or there is no room; a later attempt may succeed.
        case unavailable
        /// The bus refuses this for good, as it is.
        case refused
        /// It has been closed.
        case closed
    }

    public let kind: Kind
    public let description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
