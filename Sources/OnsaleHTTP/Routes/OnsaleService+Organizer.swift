import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// What the organizer does: create, watch, pause, block, refund, and let people in.
extension OnsaleService {
    func createEvent(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await requireAdmin(request, context)
        let body = try await Body.collect(request, upTo: Body.eventBytesMax)
        try Body.requireJSON(request)
        let parsed = try EventImport.definition(fromJSON: body, now: engine)
        let definition = parsed.definition
        let view = try await EventImport.create(parsed, in: engine)
        logger.notice(
            "Event created",
            metadata: ["event": "\(definition.id)", "capacity": "\(view.counts.capacity)"])
        let note = AuditNote(actor: actor(request), action: .created, detail: definition.title)
        try await engine.apply(TakeNote(note), to: try await engine.event(definition.id))
        // Compressed now, so that nobody's request waits for it.
        if let digest = definition.planDigest { Task { [plans] in _ = try? await plans.gzipped(digest) } }
        return json(.created, eventBody(view), headers: [.location: "/v1/events/\(definition.id)"])
    }

    func report(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await requireAdmin(request, context)
        let view = try await event(context).view
        return json(.ok) { writer in
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

    func pause(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await changeLine(PauseSale(), .paused, request, context)
    }

    func resume(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await changeLine(ResumeSale(), .resumed, request, context)
    }

    private func changeLine<Command: EventCommand>(
        _ command: Command, _ action: AuditNote.Action, _ request: Request, _ context: OnsaleContext
    ) async throws -> Response {
        try await requireAdmin(request, context)
        let event = try await event(context)
        _ = try await apply(command, to: event, noting: action, "", request)
        logger.notice("Onsale changed", metadata: ["event": "\(event.id)", "change": "\(action.name)"])
        return json(.ok, eventBody(event.view))
    }

    func changeOnsale(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await requireAdmin(request, context)
        let event = try await event(context)
        let asked = try Body.decode(ChangeOnsale.self, from: request, try await Body.collect(request))
        try await apply(
            ChangeSchedule(try asked.change()), to: event, noting: .onsaleChanged, asked.summary, request)
        return json(.ok, eventBody(event.view))
    }

    func block(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let (event, seats) = try await seatList(request, context)
        let plan = event.view.definition.plan
        try await apply(BlockSeats(seats), to: event, noting: .blocked, seatSummary(seats, plan), request)
        return json(.created) { $0.member("seats", strings: seats.map { plan[$0].name }) }
    }

    func unblock(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let (event, seats) = try await seatList(request, context)
        let detail = seatSummary(seats, event.view.definition.plan)
        try await apply(UnblockSeats(seats), to: event, noting: .unblocked, detail, request)
        return Response(status: .noContent)
    }

    private func seatList(
        _ request: Request, _ context: OnsaleContext
    ) async throws -> (event: EventHandle, seats: [SeatIndex]) {
        try await requireAdmin(request, context)
        let event = try await event(context)
        let asked = try Body.decode(SeatList.self, from: request, try await Body.collect(request))
        return (event, try event.view.definition.plan.seats(named: asked.seats))
    }

    // MARK: Orders

    func listOrders(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await requireAdmin(request, context)
        let event = try await event(context)
        let definition = event.view.definition
        let query = request.uri.queryParameters
        var faults = Faults()
        let limit = query.get("limit").map { Int($0) } ?? 100
        faults.require((1...500).contains(limit ?? 0), "/limit", "must be from 1 to 500")
        let states = query.get("state").map { OrderState.named(String($0)) } ?? OrderState.allCases
        faults.require(!states.isEmpty, "/state", "is no state of an order")
        let after = query.get("after").map { orderID(String($0), in: definition)?.serial }
        faults.require(after != .some(nil), "/after", "is no order of this event")
        try faults.throwIfAny()
        let (orders, isMore) = try await page(
            of: event, after: after.flatMap { $0 } ?? 0, limit: limit ?? 100, states: Set(states))
        return json(.ok) { writer in
            writer.array("orders") { writer in
                for order in orders { writer.object { write(order, in: definition, to: &$0, withBuyer: true) } }
            }
            if isMore, let last = orders.last {
                writer.member("next", id(last, in: definition))
            } else {
                writer.null("next")
            }
        }
    }

    private func page(
        of event: EventHandle, after serial: UInt32, limit: Int, states: Set<OrderState>
    ) async throws -> (orders: [Order], isMore: Bool) {
        try await engine.read(event) { partition in
            var found: [Order] = []
            for order in partition.sale.orders.dropFirst(Int(serial)) where states.contains(order.state) {
                if found.count == limit { return (found, true) }
                found.append(order)
            }
            return (found, false)
        }
    }

    /// All orders as CSV (RFC 4180), a page at a time, so that it takes no memory however many there are.
    func ordersCSV(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await requireAdmin(request, context)
        let event = try await event(context)
        let definition = event.view.definition
        let body = ResponseBody { writer in
            try await writer.write(
                ByteBuffer(string: "order,state,buyer,placedAt,places,quantity,amount,currency,captured,refunded\r\n"))
            var last: UInt32 = 0
            while true {
                let (orders, isMore) = try await page(
                    of: event, after: last, limit: 500, states: Set(OrderState.allCases))
                let lines = orders.map { csv($0, in: definition) }.joined()
                if !lines.isEmpty { try await writer.write(ByteBuffer(string: lines)) }
                guard isMore, let end = orders.last else { break }
                last = end.id.serial
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

    private func csv(_ order: Order, in definition: EventDefinition) -> String {
        let places: String
        switch order.places {
        case .seats(let seats): places = seats.map { definition.plan[$0].name }.joined(separator: " ")
        case .area(let area, _): places = definition.plan.areas[area].name
        }
        let fields = [
            id(order, in: definition), order.state.name, order.buyer.text, RFC3339.format(order.placedAt), places,
            String(order.places.quantity), String(order.amount), definition.currency, String(order.captured),
            String(order.refunded),
        ]
        return fields.map(OnsaleService.csvField).joined(separator: ",") + "\r\n"
    }

    /// Quoted where needed; what a spreadsheet would take for a formula is made plain text.
    static func csvField(_ text: String) -> String {
        // By bytes: CR LF is one character, and neither of the two alone.
        let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let text = isFormula ? "'" + text : text
        guard text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    // MARK: The door

    func checkIn(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await requireDoor(request, context)
        let event = try await event(context)
        let definition = event.view.definition
        let asked = try Body.decode(CheckInBody.self, from: request, try await Body.collect(request))
        guard let ticket = barcodes.ticket(asked.barcode, event: definition.id), ticket.tag == definition.tag else {
            throw Problem.invalid("/barcode", "is no ticket of this event")
        }
        let (holder, places) = try await apply(CheckIn(TicketID(ticket.serial)), to: event)
        return json(.ok) { writer in
            writer.member("ticket", id(holder, in: definition))
            let place = definition.placeName(places, holder.position)
            if case .area = places { writer.member("area", place) } else { writer.member("seat", place) }
            writer.member("checkedInAt", holder.checkedInAt)
        }
    }

    func voidTickets(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await requireDoor(request, context)
        let event = try await event(context)
        let definition = event.view.definition
        let void = try await engine.read(event) { $0.sale.tickets.filter(\.isVoid) }
        return json(.ok) { writer in
            writer.member("tickets", strings: void.lazy.map { id($0, in: definition) })
        }
    }

    // MARK: Who did what

    /// What organizers have done, the newest first.
    func audit(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try await requireAdmin(request, context)
        let entries = try await engine.read(try await event(context)) { $0.audit }
        return json(.ok) { writer in
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

    /// Applies an organizer's command, and notes who gave it.
    func apply<Command: EventCommand>(
        _ command: Command, to event: EventHandle, noting action: AuditNote.Action, _ detail: String,
        _ request: Request
    ) async throws -> Command.Answer {
        let note = AuditNote(actor: actor(request), action: action, detail: detail)
        return try await apply(Audited(command, as: note), to: event)
    }

    private static let actorCharactersMax = 80

    /// What the holder of the organizer's token calls themselves: percent-encoded UTF-8 in `Onsale-Actor`.
    private func actor(_ request: Request) -> String {
        let given = request.headers[.onsaleActor]?.removingPercentEncoding ?? ""
        let shown = given.filter {
            !$0.isNewline && $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        }
        let name = String(shown.prefix(OnsaleService.actorCharactersMax))
        return name.isEmpty ? "organizer" : name
    }

    private static let seatsNamed = 5

    /// Some of the seats by name, and how many there are.
    private func seatSummary(_ seats: [SeatIndex], _ plan: SeatingPlan) -> String {
        let named = seats.prefix(OnsaleService.seatsNamed).map { plan[$0].name }.joined(separator: ", ")
        return seats.count > OnsaleService.seatsNamed ? "\(named) … (\(seats.count))" : named
    }
}

extension AuditNote.Action {
    var name: String {
        switch self {
        case .created: "created"
        case .refundSeen: "refund-seen"
        case .disputeSeen: "dispute-seen"
        case .paused: "paused"
        case .resumed: "resumed"
        case .onsaleChanged: "onsale-changed"
        case .blocked: "blocked"
        case .unblocked: "unblocked"
        case .refunded: "refunded"
        }
    }
}
