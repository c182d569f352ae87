/// A message for everyone who listens, encoded once.
public struct Message: Sendable {
    /// The version of the state after it; grows.
    public let version: UInt64
    /// As it goes over the wire.
    public let bytes: [UInt8]

    public init(version: UInt64, bytes: [UInt8]) {
        self.version = version
        self.bytes = bytes
    }
}

/// What can be listened to. Called on the broadcaster's thread alone; must not block.
///
/// It is asked only when its source has news (``Broadcaster/hasNews(of:)``), or when time alone changes it.
public protocol Feed: Sendable {
    /// How often ``poll()`` is asked at most, in milliseconds: news in between go out as one.
    var intervalMilliseconds: Int { get }
    /// In how many milliseconds the state changes without any news; nil for never.
    var millisecondsToChange: Int? { get }
    /// The whole state, for whoever has nothing yet, or has fallen behind.
    func snapshot() -> Message
    /// What has changed since the last call; nil if nothing.
    func poll() -> Change?
    /// These listeners are there, by the numbers that they were taken with.
    func present(_ listeners: [UInt32])
}

/// How a state changed.
public enum Change: Sendable {
    /// Applied to the state at `from` or later, it gives the new one.
    case delta(from: UInt64, Message)
    /// The new state itself.
    case state(Message)
}

extension Feed {
    public var millisecondsToChange: Int? { nil }
    public func present(_ listeners: [UInt32]) {}
}
