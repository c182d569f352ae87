import NIOCore
import Tracing

/// The two clocks a span needs: the wall's, which may jump, for when it began, and one that never goes back for how
/// long it took. In nanoseconds.
package struct SpanClock: Sendable {
    package let wall: @Sendable () -> UInt64
    package let monotonic: @Sendable () -> UInt64

    package init(wall: @escaping @Sendable () -> UInt64, monotonic: @escaping @Sendable () -> UInt64) {
        self.wall = wall
        self.monotonic = monotonic
    }

    package static let system = SpanClock(
        wall: { DefaultTracerClock.now.nanosecondsSinceEpoch }, monotonic: { NIODeadline.now().uptimeNanoseconds })

    /// The instant that a caller gives; nil if it is just now, read from the wall's clock while we asked.
    func explicit(_ instant: some TracerInstant, askedAt before: UInt64) -> UInt64? {
        let given = instant.nanosecondsSinceEpoch
        return before <= given && given <= wall() ? nil : given
    }
}
