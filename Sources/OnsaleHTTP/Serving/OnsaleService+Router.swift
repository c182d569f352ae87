import HTTPTypes
import Hummingbird
import Logging
import OnsaleEngine

extension OnsaleService {
    /// The routes with everything that stands before them.
    func responder(logger: Logger) -> OnsaleResponder<RouterResponder<OnsaleContext>> {
        let paths = endpoints.map(\.operation.path) + pages.pages.map(\.path)
        let routes = Dictionary(
            paths.map { path in
                // `/v1/events/:event` in the router is `/v1/events/{event}` in the contract.
                let parts = path.split(separator: "/", omittingEmptySubsequences: false).map { part in
                    part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
                }
                return (RouterPath(path).description, parts.joined(separator: "/"))
            }, uniquingKeysWith: { first, _ in first })
        return OnsaleResponder(
            inner: buildRouter().buildResponder(), metrics: metrics, gate: gate, nodes: nodes, routes: routes,
            pages: pages, logger: logger,
            access: Logger(label: "onsale.access"))
    }

    /// The routes for Hummingbird. A known path answers other methods with 405.
    func buildRouter() -> Router<OnsaleContext> {
        let router = Router(context: OnsaleContext.self, options: .autoGenerateHeadEndpoints)
        var methods: [String: [HTTPRequest.Method]] = [:]
        for endpoint in endpoints {
            let operation = endpoint.operation
            methods[operation.path, default: []].append(operation.method)
            router.on(RouterPath(operation.path), method: operation.method) { request, context in
                try await endpoint.response(to: request, context, gate, events, nodes)
            }
        }
        for page in pages.pages {
            methods[page.path, default: []].append(.get)
            router.on(RouterPath(page.path), method: .get, use: page.respond)
        }
        if let listenersWay {
            router.on(RouterPath(ListenersWay.path), method: .post, use: listenersWay.respond)
        }
        for (path, methods) in methods { refuseOthers(than: methods, at: path, router) }
        return router
    }

    private func refuseOthers(than methods: [HTTPRequest.Method], at path: String, _ router: Router<OnsaleContext>) {
        let allow = methods.map(\.rawValue).sorted().joined(separator: ", ")
        let others: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .options, .trace, .connect]
        for method in others where !methods.contains(method) {
            router.on(RouterPath(path), method: method) { _, _ -> Response in
                var problem = Problem(.methodNotAllowed, "This path takes \(allow).")
                problem.allow = allow
                throw problem
            }
        }
    }
}

extension Endpoint {
    /// Answers, and asserts that the contract declares the answer: an undeclared one is our bug, which a test should
    /// meet before a client does.
    fileprivate func response(
        to request: Request, _ context: OnsaleContext, _ gate: Gate, _ events: EventClient, _ nodes: Nodes?
    ) async throws -> Response {
        do {
            let response = try await respond(request, context, gate, events, nodes)
            // Another node's answer has been through this there, its problems too.
            guard response.headers[.onsaleOwner] == nil else { return response }
            assert(operation.allows(response.status.code), "\(operation.id) declares no \(response.status.code)")
            return response
        } catch let error as EngineError {
            throw declared(Problem(error))
        } catch let problem as Problem {
            throw declared(problem)
        }
    }

    private func declared(_ problem: Problem) -> Problem {
        assert(operation.allows(problem.slug), "\(operation.id) declares no \(problem.slug.rawValue)")
        return problem
    }
}
