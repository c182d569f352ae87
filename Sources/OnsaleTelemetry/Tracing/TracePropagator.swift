import OnsaleCorrelation
package import Tracing

/// Carries trace contexts in and out of HTTP headers.
///
/// Of several formats, the first valid one wins on the way in, and all are written on the way out. The extractor joins
/// headers that appear more than once with a comma, as HTTP does: neither format allows for one, so such a header is
/// none. What comes in is hostile until read: lengths are fixed or bounded, and anything else is no trace.
package struct TracePropagator: Sendable {
    /// By its name in OTEL_PROPAGATORS.
    package enum Format: String, Sendable {
        case traceContext = "tracecontext"
        case b3
        case b3Multi = "b3multi"
    }

    private let formats: [Format]

    package init(_ formats: [Format]) {
        self.formats = formats
    }

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        for format in formats {
            switch format {
            case .traceContext:
                if let parent = extractor.extract(key: "traceparent", from: carrier),
                    let trace = TraceContext(
                        traceparent: parent, tracestate: extractor.extract(key: "tracestate", from: carrier))
                {
                    return context.receive(trace, isSampled: trace.isSampled)
                }
            case .b3, .b3Multi:
                // Either reads both, the single header first, as OpenTelemetry wants.
                let b3 =
                    extractor.extract(key: B3.single, from: carrier).flatMap(B3.init(single:))
                    ?? B3 { extractor.extract(key: $0, from: carrier) }
                if let b3 {
                    return context.receive(b3.context, isSampled: b3.isSampled)
                }
            }
        }
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context.traceContext else { return }
        for format in formats {
            switch format {
            case .traceContext:
                injector.inject(trace.traceparent, forKey: "traceparent", into: &carrier)
                if !trace.state.isEmpty {
                    injector.inject(trace.state, forKey: "tracestate", into: &carrier)
                }
            case .b3:
                let sampled = trace.isSampled ? "1" : "0"
                injector.inject(
                    "\(trace.traceID.text)-\(trace.spanText)-\(sampled)", forKey: B3.single, into: &carrier)
            case .b3Multi:
                injector.inject(trace.traceID.text, forKey: B3.traceID, into: &carrier)
                injector.inject(trace.spanText, forKey: B3.spanID, into: &carrier)
                injector.inject(trace.isSampled ? "1" : "0", forKey: B3.sampled, into: &carrier)
            }
        }
    }
}
