import HTTPTypes
import Hummingbird
import OnsaleCorrelation
import OnsaleTelemetry
import Tracing

/// A request as a span, by the semantic conventions of OpenTelemetry for HTTP servers.
/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>
struct RequestTrace: Sendable {
    private let span: any Span
    /// The context in which the request is answered.
    let context: InstrumentationContext

    init(_ request: Request, correlation: Correlation) {
        let instrument = InstrumentationSystem.tracer
        var context = InstrumentationContext.topLevel
        instrument.extract(request.headers, into: &context, using: HeaderExtractor())
        context.correlation = correlation
        span = instrument.startSpan(RequestTrace.name(request.method), context: context, ofKind: .server)
        self.context = span.context
    }

    private static func name(_ method: HTTPRequest.Method) -> String {
        RequestMetrics.known(method) == method ? method.rawValue : "HTTP"
    }

    /// - Parameter route: as the contract writes it; empty if no route was found.
    func end(
        _ request: Request, route: String, status: Int, client: @autoclosure () -> String, correlation: Correlation
    ) {
        defer { span.end() }
        guard span.isRecording else { return }
        if !route.isEmpty {
            span.operationName = "\(RequestTrace.name(request.method)) \(route)"
            span.attributes["http.route"] = route
        }
        let method = RequestMetrics.known(request.method)
        span.attributes["http.request.method"] = method.rawValue
        if method != request.method { span.attributes["http.request.method_original"] = request.method.rawValue }
        span.attributes["http.response.status_code"] = status
        span.attributes["url.path"] = request.shownPath
        span.attributes["url.scheme"] = "http"
        span.attributes["client.address"] = client()
        if let authority = request.head.authority.flatMap(Authority.init), !authority.host.isEmpty {
            let isBracketed = authority.host.hasPrefix("[")
            span.attributes["server.address"] = String(
                isBracketed ? authority.host.dropFirst().dropLast() : authority.host)
            span.attributes["server.port"] = authority.port.flatMap { Int($0) }
        }
        if let agent = request.headers[.userAgent] {
            span.attributes["user_agent.original"] = Scrubber.process.scrub(agent)
        }
        let labels = correlation.labels
        if let requestID = labels.requestID { span.attributes["onsale.request_id"] = requestID }
        if let event = labels.event { span.attributes["onsale.event"] = event }
        if let order = labels.order { span.attributes["onsale.order"] = order }
        guard status >= 500 else { return }
        span.attributes["error.type"] = "\(status)"
        span.setStatus(SpanStatus(code: .error))
    }
}

/// Reads header fields for a propagator. A field that came more than once is joined, and so is no valid trace.
private struct HeaderExtractor: Extractor {
    func extract(key: String, from headers: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { headers[$0] }
    }
}
