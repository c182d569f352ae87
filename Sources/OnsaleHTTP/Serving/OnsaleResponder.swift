import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import OnsaleEngine
import OnsaleValues

/// The outermost room: every answer gets its `x-request-id`, and every error an answer that a person can use.
struct OnsaleResponder<Inner: HTTPResponder>: HTTPResponder where Inner.Context == OnsaleContext {
    let inner: Inner
    let logger: Logger

    func respond(to request: Request, context: OnsaleContext) async throws -> Response {
        var response: Response
        do {
            try OnsaleResponder.requirePlain(request)
            response = try await inner.respond(to: request, context: context)
            // The router answers by itself, and with no body, for a path that it does not know.
            if response.status.code >= 400, response.headers[.contentType] == nil {
                response =
                    response.status == .notFound
                    ? Problem.notFound.response : Problem(.malformedRequest, "The request could not be read.").response
            }
        } catch let error as HTTPParserError {
            // The connection is beyond use; it has been answered and is being closed.
            throw error
        } catch {
            response = problem(for: error, request, context).response
        }
        response.headers[.xRequestID] = RequestID.of(request, context)
        // An answer to HEAD has no body, whatever it says (RFC 9110, 9.3.2): the next answer would be read as one.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static var pathBytesMax: Int { 2048 }

    /// What no route can mean is not looked up: comparing text from strangers may take long. TRACE is answered nowhere.
    private static func requirePlain(_ request: Request) throws(Problem) {
        let path = request.uri.path.utf8
        guard path.count <= pathBytesMax, path.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw .notFound }
        switch request.method {
        case .get, .post, .head, .put, .patch, .delete, .options, .connect: return
        default:
            var problem = Problem(.methodNotAllowed, "\(request.method.rawValue.prefix(20)) is not answered here.")
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
        default:
            // A bug or a failing disk: the person gets an answer without our innards, the log gets them.
            logger.error(
                "A request failed for a reason that is no answer",
                metadata: [
                    "method": "\(request.method)", "path": "\(request.uri.path)", "error": "\(error)",
                    "request": "\(context.id)",
                ])
            return .busy(
                .overloaded, "The server could not do this now; repeat it with the same Idempotency-Key.",
                retryAfterSeconds: 5)
        }
    }
}

/// What a request is called in answers and logs: the caller's name for it where that is fit, else our own.
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
