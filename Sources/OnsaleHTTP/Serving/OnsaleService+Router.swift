import HTTPTypes
import Hummingbird

/// A way into the service.
struct Route: Sendable {
    let method: HTTPRequest.Method
    /// With `:name` for what varies.
    let path: String
    let handler: @Sendable (Request, OnsaleContext) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String,
        _ handler: @escaping @Sendable (Request, OnsaleContext) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.handler = handler
    }
}

extension OnsaleService {
    /// The contract: everything that the public port serves but pages.
    var routes: [Route] {
        organizerRoutes + buyerRoutes + [
            Route(.get, "/health/ready", ready),
            Route(.get, "/openapi.json", openAPI),
            Route(.get, "/problems/:slug", problem),
            Route(.get, "/.well-known/onsale-keys.json", publishedKeys),
            Route(.post, "/v1/webhooks/payments", webhook),
        ]
    }

    private var organizerRoutes: [Route] {
        [
            Route(.post, "/v1/events", createEvent),
            Route(.get, "/v1/events/:event/report", report),
            Route(.post, "/v1/events/:event/onsale/pause", pause),
            Route(.post, "/v1/events/:event/onsale/resume", resume),
            Route(.patch, "/v1/events/:event/onsale", changeOnsale),
            Route(.post, "/v1/events/:event/blocks", block),
            Route(.delete, "/v1/events/:event/blocks", unblock),
            Route(.get, "/v1/events/:event/orders", listOrders),
            Route(.get, "/v1/events/:event/orders.csv", ordersCSV),
            Route(.get, "/v1/events/:event/audit", audit),
            Route(.post, "/v1/events/:event/check-ins", checkIn),
            Route(.get, "/v1/events/:event/tickets/void", voidTickets),
        ]
    }

    private var buyerRoutes: [Route] {
        [
            Route(.post, "/v1/sessions", createSession),
            Route(.get, "/v1/events", listEvents),
            Route(.get, "/v1/events/:event", getEvent),
            Route(.get, "/v1/events/:event/seating-plan", seatingPlan),
            Route(.get, "/v1/events/:event/availability", availability),
            Route(.post, "/v1/events/:event/waiting-room", join),
            Route(.get, "/v1/events/:event/waiting-room", waitingRoom),
            Route(.get, "/v1/events/:event/availability/stream", availabilityStream),
            Route(.get, "/v1/events/:event/waiting-room/stream", roomStream),
            Route(.get, "/v1/events/:event/waiting-room/entrants", entrants),
            Route(.post, "/v1/events/:event/waiting-room/pass", claimPass),
            Route(.delete, "/v1/events/:event/waiting-room/pass", giveUpPass),
            Route(.post, "/v1/events/:event/holds", createHold),
            Route(.get, "/v1/events/:event/holds/:hold", getHold),
            Route(.delete, "/v1/events/:event/holds/:hold", releaseHold),
            Route(.post, "/v1/events/:event/orders", createOrder),
            Route(.get, "/v1/events/:event/orders/:order", getOrder),
            Route(.get, "/v1/events/:event/orders/:order/tickets/:ticket/qr.svg", qrCode),
            Route(.post, "/v1/events/:event/orders/:order/cancel", cancelOrder),
            Route(.get, "/v1/orders", myOrders),
        ]
    }

    /// The routes as Hummingbird takes them; a known path with another method answers 405.
    func buildRouter() -> Router<OnsaleContext> {
        let router = Router(context: OnsaleContext.self, options: .autoGenerateHeadEndpoints)
        for (path, routes) in Dictionary(grouping: routes + pageRoutes, by: \.path) {
            let methods = routes.map(\.method)
            for route in routes { router.on(RouterPath(path), method: route.method, use: route.handler) }
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
        return router
    }
}
