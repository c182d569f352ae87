/// A message for all listeners, encoded once.
package struct Message: Sendable {
    /// The state's version after this message; it only grows.
    package let version: UInt64
    /// The bytes as sent.
    package let bytes: [UInt8]

    package init(version: UInt64, bytes: [UInt8]) {
        self.version = version
        self.bytes = bytes
    }
}

/// Something to listen to. Called only on the broadcaster's thread, so it must not block.
///
/// It is polled only when its source has news (``Broadcaster/hasNews(of:)``) or time alone changes it.
package protocol Feed: Sendable {
    /// The shortest time between two calls of ``poll()``, in milliseconds; news in between go out as one message.
    var intervalMilliseconds: Int { get }
    /// Milliseconds until the state changes without any news; nil for never.
    var millisecondsToChange: Int? { get }
    /// The whole state, for a listener who has nothing yet or has fallen behind.
    func snapshot() -> Message
    /// What has changed since the last call; nil if nothing.
    func poll() -> Change?
    /// Reports listeners as present, by the numbers they came with.
    func present(_ listeners: [UInt32])
}

/// How a state changed.
package enum Change: Sendable {
    /// Turns the state at `from`, or at any later version, into the new one.
    case delta(from: UInt64, Message)
    /// The new state itself.
    case state(Message)
}

extension Feed {
    package var millisecondsToChange: Int? { nil }
    package func present(_ listeners: [UInt32]) {}
}
