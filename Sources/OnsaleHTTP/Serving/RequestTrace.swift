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

    /// The name and port of `Host`: `example.com:443`, `[::1]:80`.
    private static func server(_ authority: String) -> (name: String, port: Int?)? {
        let end = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map { authority.index(after: $0) } : nil
        let colon = authority[(end ?? authority.startIndex)...].firstIndex(of: ":")
        var name = authority[..<(colon ?? authority.endIndex)]
        if end != nil { name = name.dropFirst().dropLast() }
        return name.isEmpty ? nil : (String(name), colon.flatMap { Int(authority[$0...].dropFirst()) })
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
        if let (name, port) = request.head.authority.flatMap(RequestTrace.server) {
            span.attributes["server.address"] = name
            span.attributes["server.port"] = port
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
