import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import OnsaleEngine
import OnsaleValues

/// The outermost responder: every answer gets its `x-request-id`, and every error becomes a ``Problem``.
struct OnsaleResponder<Inner: HTTPResponder>: HTTPResponder where Inner.Context == OnsaleContext {
    let inner: Inner
    let logger: Logger

    func respond(to request: Request, context: OnsaleContext) async throws -> Response {
        var response: Response
        do {
            try OnsaleResponder.requirePlain(request)
            response = try await inner.respond(to: request, context: context)
            // The router answers an unknown path itself, without a body.
            if response.status.code >= 400, response.headers[.contentType] == nil {
                response =
                    response.status == .notFound
                    ? Problem.notFound.response : Problem(.malformedRequest, "The request could not be read.").response
            }
        } catch let error as HTTPParserError {
            // The connection is unusable; it has been answered and is closing.
            throw error
        } catch {
            response = problem(for: error, request, context).response
        }
        response.headers[.xRequestID] = RequestID.of(request, context)
        // An answer to HEAD has no body (RFC 9110, 9.3.2); a client would read one as the next answer.
        return request.method == .head ? response.createHeadResponse() : response
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
                    "method": "\(request.method)", "path": "\(request.uri.path)", "error": "\(error)",
                    "request": "\(context.id)",
                ])
            return .busy(
                .overloaded, "The server could not do this just now. Try again with the same Idempotency-Key.",
                retryAfterSeconds: 5)
        }
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
