package import OnsaleValues

/// How an event stood at the end of each second of the last hour and of each minute of the last 31 days.
///
/// A value: it reads no clock and no journal. Only steps in which something changed take memory; ``points(from:to:step:now:)``
/// fills the gaps.
package struct Timeline: Sendable {
    /// How far apart the points are.
    package enum Step: Int, Sendable, CaseIterable {
        case second = 1
        case minute = 60

        /// How many steps are kept: an hour of seconds, 31 days of minutes.
        package var kept: Int {
            switch self {
            case .second: 3600
            case .minute: 31 * 24 * 60
            }
        }
    }

    /// How the event stood at the end of a step.
    package struct Point: Hashable, Sendable {
        /// When the step begins.
        package let at: Timestamp
        package let sample: Sample
    }

    private var seconds = Series(.second)
    private var minutes = Series(.minute)

    package init() {}

    /// How many samples it holds: never more than all steps kept and a page each.
    package var count: Int { seconds.count + minutes.count }

    /// The most samples that ``count`` can reach.
    package static let countMax = Step.allCases.reduce(0) { $0 + $1.kept + Series.pageMax }

    /// Notes how the event stands from `at` on. A moment before the last one noted counts as that one: time never goes
    /// back.
    package mutating func note(_ sample: Sample, at: Timestamp) {
        seconds.note(sample, at: at)
        minutes.note(sample, at: at)
    }

    /// This timeline, continued by a later one.
    package func followed(by later: Timeline) -> Timeline {
        var whole = self
        whole.seconds.append(later.seconds)
        whole.minutes.append(later.minutes)
        return whole
    }

    /// A point for each step, from the one that contains `from` to the one that contains `to`, as far as they are kept
    /// at `now` and not before the first sample. A step in which nothing changed repeats the one before; the step that
    /// contains `now` has what is known so far.
    /// - Parameter from: nil for as far back as is kept.
    package func points(from: Timestamp?, to: Timestamp, step: Step, now: Timestamp) -> [Point] {
        (step == .second ? seconds : minutes).points(from: from, to: to, now: now)
    }
}

/// What a timeline keeps of an event.
package struct Sample: Hashable, Sendable {
    package var sold: Int32 = 0
    package var held: Int32 = 0
    package var free: Int32 = 0
    package var waiting: Int32 = 0
    package var activeShoppers: Int32 = 0
    /// How many orders are in these states.
    package var confirmed: Int32 = 0
    package var declined: Int32 = 0
    package var expired: Int32 = 0
    /// All money ever captured, in minor units.
    package var gross: Int64 = 0
}
