import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// What the organizer does: create, change, pause, block, watch.
struct OrganizerRoutes: RouteGroup {
    let events: EventClient
    let presenter: Presenter
    let plans: PlanCache
    let login: Login
    /// nil where services say nothing.
    let notes: (any OrderNotes)?
    let logger: Logger

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "createEvent", .post, "/v1/events", for: .organizer, at: .creator, "Creates an event.",
                "A body may have 32 MiB.",
                by: .organizer, takes: .bytes(.createEvent, upTo: Body.eventBytesMax),
                gives: [.init(201, "The event.", .event, headers: [.location])],
                refuses: [.eventExists: "there is an event by this id", .overloaded: ""], createEvent),
            Endpoint(
                "changeEvent", .patch, event: "", for: .organizer, at: .promptOwner,
                "Changes what an event tells about itself.", "Tickets and mails that come later say it as it is then.",
                by: .organizer, takes: .json(ChangeEvent.self), gives: [.init(200, "The event.", .event)], changeEvent),
            Endpoint(
                "publishEvent", .post, event: "/publish", for: .organizer, at: .promptOwner,
                "Shows a draft to everybody, for good; one that is published stays so.", by: .organizer,
                takes: .anything, gives: [.init(200, "The event.", .event)]
            ) { event, call in
                try await changeProfile(ChangeProfile(publishes: true), .published, "", event, call.caller)
            },
            Endpoint(
                "getReport", .get, event: "/report", for: .organizer, at: .promptOwner, "Says how the sale stands.",
                by: .organizer,
                takes: .nothing,
                gives: [.init(200, "Places, orders and money.", .report)], getReport),
            Endpoint(
                "changeOnsale", .patch, event: "/onsale", for: .organizer, at: .promptOwner,
                "Changes the sale's times and how many may shop at a time.", by: .organizer,
                takes: .json(ChangeOnsale.self), gives: [.init(200, "The event.", .event)],
                refuses: [.onsaleClosed: "the sale has opened, so `opensAt` can't move"], changeOnsale),
            Endpoint(
                "pauseOnsale", .post, event: "/onsale/pause", for: .organizer, at: .promptOwner,
                "Pauses the sale; live holds can still be paid.", by: .organizer, takes: .nothing,
                gives: [.init(200, "The event.", .event)]
            ) { event, call in try await changeLine(PauseSale(), .paused, event, call) },
            Endpoint(
                "resumeOnsale", .post, event: "/onsale/resume", for: .organizer, at: .promptOwner,
                "Goes on with a paused sale.",
                by: .organizer, takes: .nothing, gives: [.init(200, "The event.", .event)]
            ) { event, call in try await changeLine(ResumeSale(), .resumed, event, call) },
            Endpoint(
                "blockSeats", .post, event: "/blocks", for: .organizer, at: .promptOwner,
                "Keeps free seats back from sale: all of them, or none.", by: .organizer, takes: .json(SeatList.self),
                gives: [.init(201, "The blocked seats.", .seatList)],
                refuses: [.seatsUnavailable: "some are held or sold; `unavailable` names them"], blockSeats),
            Endpoint(
                "unblockSeats", .delete, event: "/blocks", for: .organizer, at: .promptOwner,
                "Gives blocked seats back to the sale, and passes over others.", by: .organizer,
                takes: .json(SeatList.self), gives: [.init(204, "They are for sale.")], unblockSeats),
            Endpoint(
                "listOrders", .get, event: "/orders", for: .organizer, at: .promptOwner,
                "Finds orders, a page at a time.",
                "All that is asked for must be true of an order. `email` finds the buyer as `POST /v1/sessions` does; no "
                    + "log has a query.",
                by: .organizer, takes: .nothing,
                [.state, .email, .seat, .direction, .after, .limit], gives: [.init(200, "A page of orders.", .orderPage)],
                refuses: [.invalidRequest: ""], listOrders),
            Endpoint(
                "exportOrders", .get, event: "/orders.csv", for: .organizer, at: .historian,
                "Gives all orders as CSV.", by: .organizer,
                takes: .nothing,
                gives: [
                    .init(
                        200, "One line for each order, after a line of names.", "text/csv",
                        .text.with(
                            "description",
                            "order, state, buyer, placedAt, places, quantity, amount, currency, captured, refunded (RFC 4180)."
                        ), headers: [.contentDisposition])
                ],
                exportOrders),
            Endpoint(
                "listAudit", .get, event: "/audit", for: .organizer, at: .promptOwner,
                "Lists what organizers have done, the newest first.",
                "Up to 1,000 entries; the journal has what was done before. `by` is what the caller said in `Onsale-Actor` "
                    + "(percent-encoded UTF-8), which every request of the organizer's may carry; it is believed, not "
                    + "proved.",
                by: .organizer, takes: .nothing, gives: [.init(200, "What was done.", .auditList)], listAudit),
        ]
    }

    private func createEvent(_ call: Call<Organizer, Void>) async throws -> Response {
        try Body.requireJSON(call.request)
        let parsed = try EventImport.definition(fromJSON: call.bytes, now: events.engine)
        let definition = parsed.definition
        let note = AuditNote(actor: call.caller.name, action: .created, detail: definition.profile.title)
        let view = try await EventImport.create(parsed, note: note, in: events.engine)
        logger.notice(
            "Event created", metadata: ["event": "\(definition.id)", "capacity": "\(view.counts.capacity)"])
        // Compressed now, so that no buyer waits for it.
        if let digest = definition.planDigest { Task { [plans] in _ = try? await plans.gzipped(digest) } }
        return .json(.created, presenter.event(view), headers: [.location: "/v1/events/\(definition.id)"])
    }

    private func getReport(_ event: EventHandle, _ call: Call<Organizer, Void>) async throws -> Response {
        // Asked in the event's turn, so that a node that has lost the event without knowing tells nothing old.
        let view = try await events.read(event) { _ in event.view }
        return .json(.ok) { writer in
            writer.member("capacity", view.counts.capacity)
            writer.member("free", view.counts.free)
            writer.member("held", view.counts.held)
            writer.member("sold", view.counts.sold)
            writer.member("blocked", view.counts.blocked)
            writer.object("orders") { writer in
                writer.member(
                    "authorizing", (view.orders[.authorizing] ?? 0) + (view.orders[.capturing] ?? 0))
                writer.member("requires_action", view.orders[.requiresAction] ?? 0)
                writer.member("confirmed", view.orders[.confirmed] ?? 0)
                writer.member("declined", view.orders[.declined] ?? 0)
                writer.member("expired", view.orders[.expired] ?? 0)
                writer.member("refunding", view.orders[.refunding] ?? 0)
                writer.member("refunded", view.orders[.refunded] ?? 0)
            }
            writer.member("currency", view.definition.currency)
            writer.member("gross", view.gross)
            writer.member("refunded", view.refunded)
            writer.member("waiting", view.line.waiting)
            writer.member("activeShoppers", view.line.activeShoppers)
        }
    }

    private func changeLine<Command: EventCommand>(
        _ command: Command, _ action: AuditNote.Action, _ event: EventHandle, _ call: Call<Organizer, Void>
    ) async throws -> Response {
        try await events.apply(command, to: event, by: call.caller, as: action)
        logger.notice("The organizer changed the sale", metadata: ["event": "\(event.id)", "change": "\(action.name)"])
        return .json(.ok, presenter.event(event.view))
    }

    private func changeEvent(_ event: EventHandle, _ call: Call<Organizer, ChangeEvent>) async throws -> Response {
        try await changeProfile(try call.content.change(), .edited, call.content.summary, event, call.caller)
    }

    private func changeProfile(
        _ change: ChangeProfile, _ action: AuditNote.Action, _ detail: String, _ event: EventHandle,
        _ organizer: Organizer
    ) async throws -> Response {
        try await events.apply(change, to: event, by: organizer, as: action, detail)
        logger.notice(
            "The organizer changed the event", metadata: ["event": "\(event.id)", "change": "\(action.name)"])
        return .json(.ok, presenter.event(event.view))
    }

    private func changeOnsale(_ event: EventHandle, _ call: Call<Organizer, ChangeOnsale>) async throws -> Response {
        try await events.apply(
            ChangeSchedule(try call.content.change()), to: event, by: call.caller, as: .onsaleChanged,
            call.content.summary)
        return .json(.ok, presenter.event(event.view))
    }

    // MARK: Seats kept back

    private func blockSeats(_ event: EventHandle, _ call: Call<Organizer, SeatList>) async throws -> Response {
        let plan = event.view.definition.plan
        let seats = try plan.seats(named: call.content.seats)
        try await events.apply(BlockSeats(seats), to: event, by: call.caller, as: .blocked, summary(of: seats, plan))
        return .json(.created) { $0.member("seats", strings: seats.map { plan[$0].name }) }
    }

    private func unblockSeats(_ event: EventHandle, _ call: Call<Organizer, SeatList>) async throws -> Response {
        let plan = event.view.definition.plan
        let seats = try plan.seats(named: call.content.seats)
        try await events.apply(
            UnblockSeats(seats), to: event, by: call.caller, as: .unblocked, summary(of: seats, plan))
        return .noContent
    }

    private static let seatsNamed = 5

    /// The first few seats by name, and how many there are.
    private func summary(of seats: [SeatIndex], _ plan: SeatingPlan) -> String {
        let named = seats.prefix(OrganizerRoutes.seatsNamed).map { plan[$0].name }.joined(separator: ", ")
        return seats.count > OrganizerRoutes.seatsNamed ? "\(named) … (\(seats.count))" : named
    }

    // MARK: Orders

    private func listOrders(_ event: EventHandle, _ call: Call<Organizer, Void>) async throws -> Response {
        let definition = event.view.definition
        let query = call.request.uri.queryParameters
        var faults = Faults()
        let limit = query.get("limit").map { Int($0) } ?? 100
        faults.require((1...500).contains(limit ?? 0), "/limit", "must be from 1 to 500")
        let search = search(query, in: definition, &faults)
        try faults.throwIfAny()
        let (orders, isMore) = try await page(search, atMost: limit ?? 100, of: event)
        // The orders are worth having without it.
        let bounced = (try? await notes?.bounced(among: orders.map(definition.publicID))) ?? []
        return .json(.ok) { writer in
            writer.array("orders") { writer in
                for order in orders {
                    writer.object { writer in
                        presenter.write(order, in: definition, to: &writer, withBuyer: true)
                        if bounced.contains(definition.publicID(order)) { writer.member("mailBounced", true) }
                    }
                }
            }
            if isMore, let last = orders.last {
                writer.member("next", definition.publicID(last))
            } else {
                writer.null("next")
            }
        }
    }

    private func page(
        _ query: OrderQuery, atMost limit: Int, of event: EventHandle
    ) async throws -> (orders: [Order], isMore: Bool) {
        try await events.read(event) { $0.sale.orders(query, atMost: limit) }
    }

    private func search(_ query: Parameters, in definition: EventDefinition, _ faults: inout Faults) -> OrderQuery {
        let states = query.get("state").map { OrderState.named(String($0)) } ?? OrderState.allCases
        faults.require(!states.isEmpty, "/state", "is not an order's state")
        let after = query.get("after").map { definition.id(.order, String($0))?.serial }
        faults.require(after != .some(nil), "/after", "is not an order of this event")
        let seat = query.get("seat").map { definition.plan.seat(named: String($0)) }
        faults.require(seat != .some(nil), "/seat", "is not in the plan")
        let direction = query.get("order") ?? "oldest"
        faults.require(["newest", "oldest"].contains(direction), "/order", "must be newest or oldest")
        let buyer = query.get("email").map { self.buyer(of: String($0), &faults) }
        return OrderQuery(
            states: Set(states), buyer: buyer.flatMap { $0 }, seat: seat.flatMap { $0 },
            isNewestFirst: direction == "newest", after: after.flatMap { $0 }.map { OrderID($0) })
    }

    /// The buyer behind an address as sessions made here have it.
    private func buyer(of typed: String, _ faults: inout Faults) -> BuyerID? {
        guard login.makesSessions else {
            faults.add("/email", "leads to no buyer, since sessions are not made here")
            return nil
        }
        guard let mailbox = MailAddress(typed) else {
            faults.add("/email", "must be an e-mail address")
            return nil
        }
        return login.buyer(mailbox)
    }

    /// Page by page, so that memory stays bounded.
    private func exportOrders(_ event: EventHandle, _ call: Call<Organizer, Void>) -> Response {
        let definition = event.view.definition
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(string: OrderTable.header))
            var last: OrderID?
            while true {
                let (orders, isMore) = try await page(OrderQuery(after: last), atMost: 500, of: event)
                let lines = orders.map { OrderTable.line($0, in: definition) }.joined()
                if !lines.isEmpty { try await writer.write(ByteBuffer(string: lines)) }
                guard isMore, let end = orders.last else { break }
                last = end.id
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv; charset=utf-8",
                .contentDisposition: "attachment; filename=\"\(event.id)-orders.csv\"",
            ], body: body)
    }

    // MARK: Who did what

    private func listAudit(_ event: EventHandle, _ call: Call<Organizer, Void>) async throws -> Response {
        let entries = try await events.read(event) { $0.audit }
        return .json(.ok) { writer in
            writer.array("entries") { writer in
                for entry in entries.reversed() {
                    writer.object { writer in
                        writer.member("at", entry.at)
                        writer.member("by", entry.note.actor)
                        writer.member("action", entry.note.action.name)
                        writer.member("detail", entry.note.detail)
                    }
                }
            }
        }
    }
}

/// Orders as CSV (RFC 4180).
enum OrderTable {
    static let header = "order,state,buyer,placedAt,places,quantity,amount,currency,captured,refunded\r\n"

    static func line(_ order: Order, in definition: EventDefinition) -> String {
        let places: String
        switch order.places {
        case .seats(let seats): places = seats.map { definition.plan[$0].name }.joined(separator: " ")
        case .area(let area, _): places = definition.plan.areas[area].name
        }
        let fields = [
            definition.publicID(order), order.state.shownName, order.buyer.text, RFC3339.format(order.placedAt), places,
            String(order.places.quantity), String(order.amount), definition.currency, String(order.captured),
            String(order.refunded),
        ]
        return fields.map(field).joined(separator: ",") + "\r\n"
    }

    /// Quotes where needed, and defuses what a spreadsheet would run as a formula.
    static func field(_ text: String) -> String {
        // By bytes, because CR LF is one character and equals neither half.
        let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let text = isFormula ? "'" + text : text
        guard text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}

extension AuditNote.Action {
    var name: String {
        switch self {
        case .created: "created"
        case .refundSeen: "refund-seen"
        case .disputeSeen: "dispute-seen"
        case .ineligible: "ineligible"
        case .edited: "edited"
        case .published: "published"
        case .paused: "paused"
        case .resumed: "resumed"
        case .onsaleChanged: "onsale-changed"
        case .blocked: "blocked"
        case .unblocked: "unblocked"
        case .refunded: "refunded"
        }
    }
}
