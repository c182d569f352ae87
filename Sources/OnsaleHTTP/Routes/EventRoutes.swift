import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleValues

/// What anyone may see of events, and how a visitor becomes a buyer.
struct EventRoutes: RouteGroup {
    let events: EventClient
    let presenter: Presenter
    let plans: PlanCache
    let tokens: Tokens

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "createSession", .post, "/v1/sessions", for: .buyer, at: .any, "Makes a session for an e-mail address.",
                "The same address is the same buyer, however it is capitalized.", by: .anyone, isLimited: true,
                takes: .json(CreateSession.self), gives: [.init(201, "A session.", .session)],
                refuses: [.forbidden: "sessions are not made here; `ONSALE_LOGIN` says who makes them"], createSession),
            Endpoint(
                "listEvents", .get, "/v1/events", for: .buyer, at: .any, "Lists all events.", by: .anyone,
                takes: .nothing,
                gives: [.init(200, "All events, by id.", .eventList)], listEvents),
            Endpoint(
                "getEvent", .get, event: "", for: .buyer, at: .any, "Gives an event.", by: .anyone, takes: .nothing,
                gives: [.init(200, "The event.", .event)]
            ) { event, _ in .json(.ok, presenter.event(event.view)) },
            Endpoint(
                "getSeatingPlan", .get, event: "/seating-plan", for: .buyer, at: .any,
                "Gives the seating plan as it was given; it never changes.", by: .anyone, takes: .nothing,
                [.ifNoneMatch],
                gives: [
                    .init(200, "The plan.", .seatingPlan, headers: [.etag, .cacheControl]),
                    .init(304, "You have it already.", headers: [.etag, .cacheControl]),
                ], refuses: [.notFound: "there is no such event, or it has no seating plan"], getSeatingPlan),
            Endpoint(
                "getAvailability", .get, event: "/availability", for: .buyer, at: .any, "Says which places are free.",
                by: .anyone, takes: .nothing,
                gives: [
                    .init(
                        200, "Every seat's state, and what is free of each area.", .availability,
                        headers: [.cacheControl])
                ]
            ) { event, _ in
                .json(.ok, AvailabilityFeed.json(event.view), headers: [.cacheControl: "no-cache"])
            },
        ]
    }

    static let sessionSeconds = 7 * 86_400

    private func createSession(_ call: Call<Void, CreateSession>) throws -> Response {
        switch tokens.login.mode {
        case .open: break
        case .none:
            throw Problem(
                .forbidden,
                "Sign-in is not set up: set ONSALE_LOGIN to jwks, or to open for a demonstration.")
        case .provider:
            throw Problem(.forbidden, "Sign in with the organizer's identity provider and send its token.")
        }
        guard let address = MailAddress(call.content.email) else {
            throw Problem.invalid("/email", "must be an e-mail address")
        }
        let now = events.now()
        let expiresAt = now.adding(seconds: EventRoutes.sessionSeconds)
        let buyer = tokens.login.buyer(address)
        return .json(.created) { writer in
            writer.member("token", tokens.session(buyer, now: now, expiresAt: expiresAt))
            writer.member("buyer", buyer.text)
            writer.member("expiresAt", expiresAt)
        }
    }

    private func listEvents(_ call: Call<Void, Void>) -> Response {
        .json(.ok) { writer in
            writer.array("events") { writer in
                for event in events.engine.summaries() { writer.object { presenter.write(event, to: &$0) } }
            }
        }
    }

    private func getSeatingPlan(_ event: EventHandle, _ call: Call<Void, Void>) async throws -> Response {
        guard let digest = event.view.definition.planDigest else { throw Problem.notFound }
        let tag = "\"" + Hex.encode(digest) + "\""
        let headers: HTTPFields = [
            .eTag: tag, .cacheControl: "public, max-age=31536000, immutable", .vary: "Accept-Encoding",
        ]
        if let known = call.request.headers.plain(.ifNoneMatch), known == "*" || known.contains(tag) {
            return Response(status: .notModified, headers: headers)
        }
        guard call.request.acceptsGzip else {
            guard let plan = try await plans.plain(digest) else { throw Problem.notFound }
            return .json(.ok, plan, headers: headers)
        }
        guard let plan = try await plans.gzipped(digest) else { throw Problem.notFound }
        return .json(.ok, plan, headers: headers + [.contentEncoding: "gzip"])
    }
}
