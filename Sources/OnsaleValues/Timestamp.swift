/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
///
/// The pure rooms never read a clock: every moment that they know was given to them.
@frozen
public struct Timestamp: Hashable, Comparable, Sendable {
    public let milliseconds: Int64

    @inlinable
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The moment so many seconds later. Seconds are bounded by the callers' limits, so this can't overflow.
    @inlinable
    public func adding(seconds: Int) -> Timestamp {
        Timestamp(milliseconds: milliseconds + Int64(seconds) * 1000)
    }
}
