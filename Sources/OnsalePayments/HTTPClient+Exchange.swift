import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Tracing

extension HTTPClient {
    /// The largest answer accepted.
    private static let answerBytesMax = 1 << 20

    /// Sends a small request and collects the whole answer, within one deadline.
    ///
    /// It uses the client's futures: an answer in one piece needs no stream or task of its own. The client traces
    /// only its other calls in the context they are made in, so this one makes its span itself.
    func exchange(
        _ method: HTTPMethod, _ url: String, _ headers: HTTPHeaders, body: ByteBuffer?, timeoutSeconds: Int64
    ) async throws -> Exchange {
        let tracer = InstrumentationSystem.tracer
        let span = tracer.startSpan(method.rawValue, ofKind: .client)
        defer { span.end() }
        var headers = headers
        tracer.inject(span.context, into: &headers, using: HeaderInjector())
        do {
            let answer = try await send(method, url, headers, body: body, timeoutSeconds: timeoutSeconds)
            span.describe(method, url, status: Int(answer.status.code), error: nil)
            return answer
        } catch {
            span.describe(method, url, status: nil, error: error)
            throw error
        }
    }

    private func send(
        _ method: HTTPMethod, _ url: String, _ headers: HTTPHeaders, body: ByteBuffer?, timeoutSeconds: Int64
    ) async throws -> Exchange {
        let request = try HTTPClient.Request(
            url: url, method: method, headers: headers, body: body.map { .byteBuffer($0) })
        let response = try await execute(
            request: request, delegate: ResponseAccumulator(request: request, maxBodySize: HTTPClient.answerBytesMax),
            deadline: .now() + .seconds(timeoutSeconds)
        ).get()
        return Exchange(
            status: response.status, body: response.body ?? ByteBuffer(),
            retryAfterSeconds: Exchange.seconds(response.headers.first(name: "Retry-After")))
    }

    /// The answer.
    struct Exchange {
        let status: HTTPResponseStatus
        let body: ByteBuffer
        let retryAfterSeconds: Int?

        /// A `Retry-After` in seconds (RFC 9110, 10.2.3), capped at an hour, since the number comes from outside.
        static func seconds(_ field: String?) -> Int? {
            field.flatMap { Int($0) }.map { max(0, min($0, 3600)) }
        }
    }
}

private struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) {
        headers.replaceOrAdd(name: key, value: value)
    }
}

extension Span {
    /// By the semantic conventions for HTTP clients. <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>
    fileprivate func describe(_ method: HTTPMethod, _ url: String, status: Int?, error: (any Error)?) {
        guard isRecording else { return }
        attributes["http.request.method"] = method.rawValue
        if let parts = URLComponents(string: url) {
            let port = parts.port.map { ":\($0)" } ?? ""
            attributes["url.full"] = "\(parts.scheme ?? "")://\(parts.host ?? "")\(port)\(parts.path)"
            attributes["server.address"] = parts.host
            attributes["server.port"] = parts.port ?? (parts.scheme == "https" ? 443 : 80)
        }
        if let status { attributes["http.response.status_code"] = status }
        if let error { attributes["error.type"] = "\(type(of: error))" }
        if let status, status >= 400 { attributes["error.type"] = "\(status)" }
        if error != nil || status ?? 0 >= 400 { setStatus(SpanStatus(code: .error)) }
    }
}
