import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import OnsaleCorrelation
import OnsaleEngine
import OnsaleTelemetry
import OnsaleValues
import Tracing

/// The outermost responder: every answer gets its `x-request-id`, every error becomes a ``Problem``, and every request
/// is counted, timed, traced and labelled.
struct OnsaleResponder<Inner: HTTPResponder>: HTTPResponder where Inner.Context == OnsaleContext {
    let inner: Inner
    let metrics: RequestMetrics
    let gate: Gate
    /// nil where there is only this one.
    let nodes: Nodes?
    /// The contract's way to write the router's paths.
    let routes: [String: String]
    let pages: PageRoutes
    let logger: Logger
    /// One line a request, at debug.
    let access: Logger

    func respond(to request: Request, context: OnsaleContext) async throws -> Response {
        let began = DispatchTime.now().uptimeNanoseconds
        var request = request
        var context = context
        if let nodes {
            context.relay = nodes.relay(in: &request)
            context.client = gate.address(of: request, context).address
        }
        return try await respond(to: request, context, since: began)
    }

    private func respond(
        to request: Request, _ context: OnsaleContext, since began: UInt64
    ) async throws -> Response {
        let requestID = RequestID.of(request, context)
        context.correlation.learn(requestID: requestID)
        let trace = RequestTrace(request, correlation: context.correlation)
        metrics.begin()
        return try await InstrumentationContext.withValue(trace.context) {
            // What isn't HTTP is answered below, with 400.
            var status = 400
            var slug: Problem.Slug?
            defer {
                let nanoseconds = DispatchTime.now().uptimeNanoseconds - began
                // A path that doesn't take the method is no route of the request's.
                let route = status == 405 ? "" : context.endpointPath.map { routes[$0] ?? "" } ?? ""
                metrics.end(request.method, route, status: status, problem: slug, nanoseconds: nanoseconds)
                trace.end(
                    request, route: route, status: status, client: gate.address(of: request, context).text,
                    correlation: context.correlation)
                // What another node passes on is in that node's log; here would be a second line for it.
                if context.relay == nil {
                    access.debug(
                        "Answered",
                        metadata: [
                            "method": "\(request.method)", "path": "\(request.shownPath)",
                            "status": "\(status)", "problem": "\(slug?.rawValue ?? "none")",
                            "milliseconds": "\(Double(nanoseconds / 1000) / 1000)",
                        ])
                }
            }
            var response: Response
            (response, slug) = try await answer(to: request, context)
            status = response.status.code
            response.headers[.xRequestID] = requestID
            if let nodes {
                response.headers[.onsaleNode] = nodes.name
                if context.relay != nil {
                    response.headers[.onsaleTook] = "\((DispatchTime.now().uptimeNanoseconds - began) / 1000)"
                }
            }
            // An answer to HEAD has no body (RFC 9110, 9.3.2); a client would read one as the next answer.
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    private func answer(to request: Request, _ context: OnsaleContext) async throws -> (Response, Problem.Slug?) {
        do {
            try OnsaleResponder.requirePlain(request)
            let response = try await inner.respond(to: request, context: context)
            // The router answers an unknown path itself, without a body.
            guard response.status.code >= 400, response.headers[.contentType] == nil,
                response.headers[.onsaleOwner] == nil
            else { return (response, nil) }
            if response.status == .notFound, let page = try await pages.missing(request) {
                return (page, Problem.notFound.slug)
            }
            let problem =
                response.status == .notFound
                ? Problem.notFound : Problem(.malformedRequest, "The request could not be read.")
            return (problem.response, problem.slug)
        } catch let error as HTTPParserError {
            // The connection is unusable; it has been answered and is closing.
            throw error
        } catch {
            let problem = problem(for: error, request, context)
            if let error = error as? HTTPError, error.status == .notFound, let page = try? await pages.missing(request)
            {
                return (page, problem.slug)
            }
            return (problem.response, problem.slug)
        }
    }

    private static var pathBytesMax: Int { 2048 }

    /// Refuses, before any lookup, a path no route can have, since comparing strangers' text may take long, and TRACE.
    private static func requirePlain(_ request: Request) throws(Problem) {
        let path = request.uri.path.utf8
        guard path.count <= pathBytesMax, path.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw .notFound }
        switch request.method {
        case .get, .post, .head, .put, .patch, .delete, .options, .connect: return
        default:
            var problem = Problem(.methodNotAllowed, "\(request.method.rawValue.prefix(20)) is not supported.")
            problem.allow = "DELETE, GET, PATCH, POST"
            throw problem
        }
    }

    private func problem(for error: any Error, _ request: Request, _ context: OnsaleContext) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as EngineError: return Problem(error)
        case let error as HTTPError where error.status == .notFound: return .notFound
        case let error as HTTPError where (400..<500).contains(error.status.code):
            return Problem(.malformedRequest, "The request could not be read.")
        case is IOError, is ChannelError, is CancellationError:
            // The client has gone in the middle of its request; nobody reads the answer.
            logger.debug("A client left before its request was read", metadata: ["error": "\(error)"])
            return Problem(.malformedRequest, "The request could not be read.")
        default:
            // A bug or a failing disk: the log gets the details, the client doesn't.
            logger.error(
                "A request failed unexpectedly",
                metadata: [
                    "method": "\(request.method)", "path": "\(request.shownPath)", "error": "\(error)",
                ])
            return .busy(
                .overloaded, "The server could not do this just now. Try again with the same Idempotency-Key.",
                retryAfterSeconds: 5)
        }
    }
}

extension Request {
    /// The path as it may be shown: one that isn't ours may have a token in it, perhaps percent-encoded.
    var shownPath: String {
        let path = uri.path
        guard path.utf8.contains(UInt8(ascii: "%")), let decoded = path.removingPercentEncoding else {
            return Scrubber.process.scrub(path)
        }
        let clean = Scrubber.process.scrub(decoded)
        return clean == decoded ? path : clean
    }
}

/// A request's id in answers and logs: the caller's if valid, otherwise our own.
enum RequestID {
    static func of(_ request: Request, _ context: OnsaleContext) -> String {
        if let given = request.headers[.xRequestID], (1...128).contains(given.utf8.count),
            given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        {
            return given
        }
        return context.id
    }
}
