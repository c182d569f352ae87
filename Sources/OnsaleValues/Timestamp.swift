/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
///
/// The pure modules never read a clock; callers pass every moment in.
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

    /// The moment `seconds` later. Callers bound `seconds`, so this can't overflow.
    @inlinable
    public func adding(seconds: Int) -> Timestamp {
        Timestamp(milliseconds: milliseconds + Int64(seconds) * 1000)
    }
}
