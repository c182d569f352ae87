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
public protocol Feed: Sendable {
    /// How often ``poll()`` is asked at most, in milliseconds.
    var intervalMilliseconds: Int { get }
    /// The whole state, for whoever has nothing yet, or has fallen behind.
    func snapshot() -> Message
    /// What has changed since the last call; nil if nothing.
    func poll() -> Change?
    /// These people are listening, and so present.
    func present(_ people: [UInt32])
}

/// How a state changed.
public enum Change: Sendable {
    /// Applied to the state at `from` or later, it gives the new one.
    case delta(from: UInt64, Message)
    /// The new state itself.
    case state(Message)
}

extension Feed {
    public func present(_ people: [UInt32]) {}
}
