import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OnsaleEngine
import OnsaleHistory
import OnsaleSale
import OnsaleValues

/// What the organizer looks back at: the sale over time, and how one order went.
struct HistoryRoutes: RouteGroup {
    let events: EventClient
    let history: EventHistory
    /// nil where services say nothing.
    let notes: (any OrderNotes)?
    let logger: Logger

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "getTimeline", .get, event: "/timeline", for: .organizer, at: .historian,
                "Says how the sale went, step by step.",
                "By the second for the last hour, by the minute for the last 31 days, from the event's creation on; at most 3,600 "
                    + "points an answer. It "
                    + "follows from the journal, so a restart loses nothing; the first time afterwards it may take as "
                    + "long as replaying the event.",
                by: .viewer, takes: .nothing, [.timelineFrom, .timelineTo, .timelineStep],
                gives: [.init(200, "A point for each step.", .timeline)],
                refuses: [
                    .invalidRequest:
                        "a time or the step can't be read, `from` is after `to`, or it is more than 3,600 points"
                ], getTimeline),
            Endpoint(
                "getOrderStory", .get, event: "/orders/:order/story", for: .organizer, at: .historian,
                "Tells what became of an order, in words.",
                "From the pass and the hold it was made under to the last that happened: what the provider said, what "
                    + "was answered, what organizers did, and what services did for it. The journal has most of it.",
                by: .viewer, takes: .nothing, gives: [.init(200, "What happened, in order.", .story)],
                refuses: [.notFound: "there is no such event, or no such order in it"], getOrderStory),
        ]
    }

    private func getTimeline(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let query = call.query
        var faults = Faults()
        func moment(_ name: String) -> Timestamp? {
            guard let text = query.get(name) else { return nil }
            let moment = RFC3339.parse(text)
            faults.require(moment != nil, "/" + name, "must be a time by RFC 3339, as 2027-03-01T10:00:00Z")
            return moment
        }
        let from = moment("from")
        let to = moment("to")
        let step = query.get("step").map { Int($0).flatMap(Timeline.Step.init) } ?? .minute
        faults.require(step != nil, "/step", "must be 1 or 60")
        if let from, let to { faults.require(from <= to, "/from", "must not be after `to`") }
        try faults.throwIfAny()
        guard let step else { throw Problem.notFound }
        let now = events.now()
        let end = min(to ?? now, now)
        let begin = from ?? end.adding(seconds: -(HistoryRoutes.pointsMax - 1) * step.rawValue)
        let points = try await reading(event) {
            try await history.timeline(of: event, from: begin, to: end, step: step, now: now)
        }
        guard points.count <= HistoryRoutes.pointsMax else {
            throw Problem.invalid(
                "/from", "asks for more than \(HistoryRoutes.pointsMax) points; ask for them in parts")
        }
        // Off the pool, of which a sale has as many threads as processors.
        let body = await withCheckedContinuation { continuation in
            HistoryRoutes.writing.async { continuation.resume(returning: HistoryRoutes.body(points, step)) }
        }
        return .json(.ok, body)
    }

    /// The most points of an answer: an hour by the second, or two and a half days by the minute.
    static let pointsMax = 3600
    private static let writing = DispatchQueue(label: "onsale.timelines.writing", qos: .utility)

    private static func body(_ points: [Timeline.Point], _ step: Timeline.Step) -> ByteBuffer {
        JSONWriter.object(capacity: 64 + points.count * 200) { writer in
            writer.member("step", step.rawValue)
            writer.array("points") { writer in
                for point in points { writer.object { HistoryRoutes.write(point, to: &$0) } }
            }
        }
    }

    private static func write(_ point: Timeline.Point, to writer: inout JSONWriter) {
        let sample = point.sample
        writer.member("at", point.at)
        writer.member("sold", sample.sold)
        writer.member("held", sample.held)
        writer.member("free", sample.free)
        writer.member("gross", sample.gross)
        writer.member("waiting", sample.waiting)
        writer.member("activeShoppers", sample.activeShoppers)
        writer.member("confirmed", sample.confirmed)
        writer.member("declined", sample.declined)
        writer.member("expired", sample.expired)
    }

    private func getOrderStory(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        guard let id = event.view.definition.id(.order, call.parameter("order")) else { throw Problem.notFound }
        let order = try await events.read(event) { $0.sale.order(OrderID(id.serial)) }
        guard let order, order.placedAt == id.at else { throw Problem.notFound }
        let told = try await reading(event) {
            try await history.story(of: order, in: event, now: events.now())
        }
        // The journal's part is worth having alone.
        let steps = told.adding((try? await notes?.steps(of: event.view.definition.publicID(order))) ?? [])
        return .json(.ok) { writer in
            writer.array("steps") { writer in
                for step in steps {
                    writer.object { writer in
                        writer.member("at", step.at)
                        writer.member("what", step.what)
                        writer.member("detail", step.detail)
                    }
                }
            }
        }
    }

    /// A journal that can't be read just now is no fault of the request.
    private func reading<Value>(_ event: EventHandle, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as EngineError {
            throw error
        } catch {
            logger.error(
                "The journal could not be read for an event's history",
                metadata: ["event": "\(event.id)", "error": "\(error)"])
            throw EngineError.unavailable
        }
    }
}

extension Parameter {
    static let timelineFrom = Parameter(
        "From", "from", in: "query",
        "The first point's step contains it (RFC 3339). Left out: the last 3,600 points. Longer ago than what is kept for the step: from there.",
        .time)
    static let timelineTo = Parameter(
        "To", "to", in: "query", "The last point's step contains it (RFC 3339). Left out, or ahead: now.", .time)
    static let timelineStep = Parameter(
        "Step", "step", in: "query",
        "Seconds from point to point: 1 goes back an hour, 60 goes back 31 days.", .timelineStep.with("default", 60))
}
