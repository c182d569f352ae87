import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleValues

/// What anyone may see of events.
struct EventRoutes: RouteGroup {
    let events: EventClient
    let presenter: Presenter
    let plans: PlanCache

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "listEvents", .get, "/v1/events", for: .buyer, at: .any,
                "Lists all events; drafts to organizers alone.",
                by: .anyoneOrViewer, takes: .nothing,
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

    private func listEvents(_ call: Call<Bool, Void>) -> Response {
        // No cache between here and the organizer has a draft.
        .json(.ok, headers: call.caller ? [.cacheControl: "private, no-store"] : [:]) { writer in
            writer.array("events") { writer in
                for event in events.engine.summaries() where call.caller || !event.isDraft {
                    writer.object { presenter.write(event, to: &$0) }
                }
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
