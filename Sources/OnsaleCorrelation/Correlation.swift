import Synchronization
package import Tracing

/// What some work is about: the labels that every log line written on its behalf carries (others call this MDC).
///
/// It travels in the task-local context, so nobody passes it along. It is shared by all tasks that the work starts, and
/// learns more as the work goes on: a request knows its id at once, its buyer once the token has been read.
package final class Correlation: Sendable {
    /// The values, where known.
    package struct Labels: Sendable, Equatable {
        package var requestID: String?
        package var event: String?
        package var buyer: String?
        /// The order's public ID.
        package var order: String?

        package init(requestID: String? = nil, event: String? = nil, buyer: String? = nil, order: String? = nil) {
            self.requestID = requestID
            self.event = event
            self.buyer = buyer
            self.order = order
        }
    }

    private let state: Mutex<Labels>

    package init(_ labels: Labels = Labels()) {
        state = Mutex(labels)
    }

    package var labels: Labels { state.withLock { $0 } }

    package func learn(requestID: String? = nil, event: String? = nil, buyer: String? = nil, order: String? = nil) {
        state.withLock { labels in
            labels.requestID = requestID ?? labels.requestID
            labels.event = event ?? labels.event
            labels.buyer = buyer ?? labels.buyer
            labels.order = order ?? labels.order
        }
    }

    /// That of the work in progress; nil outside any.
    package static var current: Correlation? { InstrumentationContext.current?.correlation }
}

extension InstrumentationContext {
    private enum TraceContextKey: InstrumentationContextKey {
        typealias Value = TraceContext
    }

    private enum RecordedKey: InstrumentationContextKey {
        typealias Value = Bool
    }

    private enum CorrelationKey: InstrumentationContextKey {
        typealias Value = Correlation
    }

    /// The span in progress; nil outside any.
    package var traceContext: TraceContext? {
        get { self[TraceContextKey.self] }
        set { self[TraceContextKey.self] = newValue }
    }

    /// Whether the span in progress is recorded here. A caller may have sampled a trace of which we keep nothing.
    package var isRecorded: Bool {
        get { self[RecordedKey.self] ?? false }
        set { self[RecordedKey.self] = newValue }
    }

    package var correlation: Correlation? {
        get { self[CorrelationKey.self] }
        set { self[CorrelationKey.self] = newValue }
    }
}
