/// The moment at which a wait ends, by a clock that nobody sets.
package struct Deadline: Sendable {
    private let moment: ContinuousClock.Instant

    /// So long from now.
    package static func after(_ duration: Duration) -> Deadline {
        Deadline(moment: .now + duration)
    }

    /// The earlier of two.
    package func orEarlier(_ other: Deadline) -> Deadline {
        Deadline(moment: min(moment, other.moment))
    }

    /// What is left; zero when it has passed.
    package var remaining: Duration { max(.zero, moment - .now) }

    /// Whether it has passed.
    package var hasPassed: Bool { moment <= .now }

    /// What is left for `poll(2)`, rounded up so that a wait never ends before its deadline.
    var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = remaining.components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: milliseconds)
    }
}
