import OnsaleCorrelation
package import Tracing

/// A span in progress. One that isn't sampled is only a context: it records nothing, locks nothing and allocates
/// nothing. One that is never ended is never exported.
package struct OnsaleSpan: Tracing.Span {
    /// Names this span as the one in progress.
    package let context: InstrumentationContext
    private let recording: SpanRecording?

    init(context: InstrumentationContext, recording: SpanRecording?) {
        self.context = context
        self.recording = recording
    }

    package var isRecording: Bool { recording?.isOpen ?? false }

    package var operationName: String {
        get { recording?.update { $0.name } ?? "" }
        nonmutating set { recording?.update { $0.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { recording?.update { $0.attributes } ?? [:] }
        nonmutating set { recording?.update { $0.replaceAttributes(newValue) } }
    }

    package func setStatus(_ status: SpanStatus) {
        recording?.update { $0.setStatus(status) }
    }

    // What attributes say of themselves is asked before the lock is taken.

    package func addEvent(_ event: SpanEvent) {
        guard let recording, recording.isOpen else { return }
        let event = FinishedSpan.Event(
            name: SpanLimits.cut(event.name), at: event.nanosecondsSinceEpoch,
            attributes: SpanLimits.attributes(event.attributes))
        recording.update { $0.add(event) }
    }

    package func addLink(_ link: SpanLink) {
        guard let recording, recording.isOpen, let context = link.context.traceContext else { return }
        let link = FinishedSpan.Link(context: context, attributes: SpanLimits.attributes(link.attributes))
        recording.update { $0.add(link) }
    }

    /// Adds an event as OpenTelemetry describes exceptions.
    /// <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard isRecording else { return }
        var all: SpanAttributes = [
            "exception.type": .string(String(reflecting: type(of: error))), "exception.message": .string("\(error)"),
        ]
        all.merge(attributes)
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: all))
    }

    /// Without an instant of the caller's own, it ends by the clock that never goes back. Ending twice changes nothing.
    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        recording?.end(at: instant())
    }
}
