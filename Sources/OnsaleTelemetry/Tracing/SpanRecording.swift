import OnsaleCorrelation
import Synchronization
import Tracing

/// What a sampled span has learned so far. A class, for all copies of the span write into it, from any task.
final class SpanRecording: Sendable {
    struct Content {
        var name: String
        fileprivate(set) var attributes: SpanAttributes = [:]
        fileprivate var events: [FinishedSpan.Event] = []
        fileprivate var links: [FinishedSpan.Link] = []
        fileprivate var status = FinishedSpan.Status.unset
        fileprivate var dropped = FinishedSpan.Dropped()

        mutating func replaceAttributes(_ new: SpanAttributes) {
            guard new.count > SpanLimits.attributesMax else { return attributes = new }
            // Those that were there first stay.
            var kept = SpanAttributes()
            attributes.forEach { key, _ in kept.set(key, value: new.get(key)) }
            new.forEach { key, value in
                if kept.count < SpanLimits.attributesMax {
                    kept.set(key, value: value)
                }
            }
            dropped.attributes += UInt32(new.count - kept.count)
            attributes = kept
        }

        /// An error says more than nothing, and "ok" is the last word, as OpenTelemetry has it.
        mutating func setStatus(_ new: SpanStatus) {
            guard status != .ok else { return }
            switch new.code {
            case .ok: status = .ok
            case .error: status = .error(SpanLimits.cut(new.message ?? ""))
            }
        }

        mutating func add(_ event: FinishedSpan.Event) {
            guard events.count < SpanLimits.eventsMax else { return dropped.events += 1 }
            events.append(event)
        }

        mutating func add(_ link: FinishedSpan.Link) {
            guard links.count < SpanLimits.linksMax else { return dropped.links += 1 }
            links.append(link)
        }
    }

    private let context: TraceContext
    private let parent: SpanParent
    private let kind: SpanKind
    private let start: UInt64
    /// The reading of the monotonic clock at ``start``.
    private let startReading: UInt64
    private let clock: SpanClock
    private let finish: @Sendable (FinishedSpan) -> Void
    /// nil once it has ended.
    private let content: Mutex<Content?>

    init(
        _ name: String, context: TraceContext, parent: SpanParent, kind: SpanKind, at instant: () -> some TracerInstant,
        clock: SpanClock, finish: @escaping @Sendable (FinishedSpan) -> Void
    ) {
        let (now, reading) = (clock.wall(), clock.monotonic())
        start = clock.explicit(instant(), askedAt: now) ?? now
        // A start in the past has its time up to now measured by the wall's clock; there is no other.
        startReading = reading - min(reading, now - min(now, start))
        (self.context, self.parent, self.kind, self.clock, self.finish) = (context, parent, kind, clock, finish)
        content = Mutex(Content(name: name))
    }

    var isOpen: Bool { content.withLock { $0 != nil } }

    /// nil if it has ended.
    @discardableResult
    func update<Result: Sendable>(_ change: (inout Content) -> Result) -> Result? {
        content.withLock { content in
            guard var open = content else { return nil }
            // Taken out, so that the change is made in place.
            content = nil
            defer { content = open }
            return change(&open)
        }
    }

    func end(at instant: @autoclosure () -> some TracerInstant) {
        let ended = content.withLock { content in
            defer { content = nil }
            return content
        }
        guard let ended else { return }
        let now = clock.wall()
        let reading = clock.monotonic()
        let end = clock.explicit(instant(), askedAt: now) ?? start &+ (reading - min(reading, startReading))
        finish(
            FinishedSpan(
                context: context, parent: parent.context?.spanID, isParentRemote: parent.isRemote,
                name: SpanLimits.cut(ended.name), kind: kind, start: start, end: end,
                attributes: SpanLimits.attributes(ended.attributes), events: ended.events, links: ended.links,
                status: ended.status, dropped: ended.dropped))
    }
}
