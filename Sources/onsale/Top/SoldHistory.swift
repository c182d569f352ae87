/// How many seats each event had sold at each answer of `/metrics`, for as far back as a chart may reach.
struct SoldHistory: Sendable {
    /// Answers kept: wider than any terminal at one column each, and over an hour at two seconds.
    static let answersMax = 2048
    /// Events followed; `/metrics` names the 50 busiest, which change.
    static let eventsMax = 256
    /// Minutes kept of the past.
    static let minutesMax = 60

    private struct Point {
        let unixSeconds: Double
        let sold: Double
        /// Whether it can be compared with the point before: `_other` can't while events join and leave it.
        var isComparable = true
    }

    private var points: [String: [Point]] = [:]
    /// What the server's timeline said at the start, by the minute.
    private var past: [String: [Point]] = [:]

    mutating func add(_ events: [TopEvent], at unixSeconds: Double) {
        for event in events {
            guard let sold = event.sold, points[event.event] != nil || points.count < Self.eventsMax else { continue }
            let isComparable = event.event != MetricChange.otherEvents || event.soldPerSecond != nil
            points[event.event, default: []]
                .append(.init(unixSeconds: unixSeconds, sold: sold, isComparable: isComparable))
            if points[event.event, default: []].count > Self.answersMax { points[event.event]?.removeFirst() }
        }
    }

    /// Takes over what an event's timeline has of the time before the first answer.
    mutating func setPast(_ timeline: TopTimeline, of event: String) {
        past[event] = timeline.points.map { .init(unixSeconds: $0.unixSeconds, sold: $0.sold) }
    }

    /// An event's chart: what was sold in each interval and, once there is more than a minute, in each minute.
    /// A gap between two answers counts with its mean, and what can't be compared isn't known.
    func chart(of event: String, intervalSeconds: Double) -> TopChart {
        let points = points[event, default: []]
        let intervals = zip(points, points.dropFirst()).map { earlier, later -> Double? in
            guard later.isComparable else { return nil }
            let gap = (later.unixSeconds - earlier.unixSeconds) / intervalSeconds
            return max(0, later.sold - earlier.sold) / (gap > 1.5 ? gap : 1)
        }
        let began = points.first?.unixSeconds ?? .infinity
        let all = past[event, default: []].filter { $0.unixSeconds < began } + points
        var minutes: [Double?] = []
        if let first = all.first, let last = all.last {
            let minute = { (point: Point) in Int(max(0, point.unixSeconds) / 60) }
            let firstKept = max(minute(first), minute(last) - Self.minutesMax + 1)
            minutes = Array(repeating: 0, count: max(0, minute(last) - firstKept + 1))
            for (earlier, later) in zip(all, all.dropFirst()) where minute(later) >= firstKept {
                // A clock that was set back must not lead before the first minute.
                guard minute(later) - firstKept < minutes.count else { continue }
                if later.isComparable {
                    minutes[minute(later) - firstKept]? += max(0, later.sold - earlier.sold)
                } else {
                    minutes[minute(later) - firstKept] = nil as Double?
                }
            }
        }
        return TopChart(event: event, soldByInterval: intervals, soldByMinute: minutes.count > 1 ? minutes : [])
    }
}

/// What an event sold, the newest last; nil where that isn't known.
struct TopChart: Sendable, Equatable {
    let event: String
    let soldByInterval: [Double?]
    /// Empty until there is more than one minute to show.
    let soldByMinute: [Double?]
}
