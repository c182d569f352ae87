import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleCorrelation
import OnsaleEngine
import OnsaleSale
import OnsaleSettlement
import OnsaleValues
import OnsaleWaitingRoom

/// Orders and their buyers, as the organizer finds them.
struct OrderDeskRoutes: RouteGroup {
    let events: EventClient
    let presenter: Presenter
    let login: Login
    /// nil where services say nothing.
    let notes: (any OrderNotes)?

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "listOrders", .get, event: "/orders", for: .organizer, at: .promptOwner,
                "Finds orders, a page at a time.",
                "All that is asked for must be true of an order. `email` finds the buyer as `POST /v1/sessions` does; "
                    + "no log has a query.",
                by: .viewer, takes: .nothing,
                [.state, .email, .seat, .direction, .after, .limit],
                gives: [.init(200, "A page of orders.", .orderPage)],
                refuses: [.invalidRequest: ""], listOrders),
            Endpoint(
                "exportOrders", .get, event: "/orders.csv", for: .organizer, at: .historian,
                "Gives all orders as CSV.", by: .viewer,
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
                "refundTickets", .post, event: "/orders/:order/refunds", for: .organizer, at: .promptOwner,
                "Takes some of a confirmed order's tickets back; the rest of it stays.",
                "They are void and their seats free at once. Their money is given back by the provider, which is asked until "
                    + "it confirms it: `refundingAmount` is on its way, `refundedAmount` is back. All tickets that the "
                    + "order still has: the same as `cancelOrder`.",
                by: .boxOffice, takes: .json(RefundTickets.self), key: .taken,
                gives: [.init(202, "The order as it stands now.", .order)],
                refuses: [
                    .notCancellable:
                        "the order is not confirmed, or one of the tickets is checked in or was taken back before",
                    .idempotencyConflict: "the key came with another body", .rateLimited: "",
                ], refundTickets),
            Endpoint(
                "getBuyer", .get, event: "/buyers/:buyer", for: .organizer, at: .promptOwner,
                "Says what a buyer has of the event.", "The newest 100 orders.",
                by: .viewer, takes: .nothing, gives: [.init(200, "The buyer.", .buyer)], getBuyer),
        ]
    }

    // MARK: Orders

    private func listOrders(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let definition = event.view.definition
        let reader = Presenter.Reader(call.caller)
        let query = call.request.uri.queryParameters
        var faults = Faults()
        let limit = query.get("limit").map { Int($0) } ?? 100
        faults.require((1...500).contains(limit ?? 0), "/limit", "must be from 1 to 500")
        let search = search(query, in: definition, &faults)
        try faults.throwIfAny()
        let (orders, isMore) = try await page(search, atMost: limit ?? 100, of: event)
        let view = event.view
        // The orders are worth having without it.
        let bounced = (try? await notes?.bounced(among: orders.map(definition.publicID))) ?? []
        return .json(.ok) { writer in
            writer.array("orders") { writer in
                for order in orders {
                    writer.object { writer in
                        presenter.write(order, in: view, for: reader, to: &writer)
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
        let buyer = query.get("email").map { login.buyer(typed: String($0), &faults) }
        return OrderQuery(
            states: Set(states), buyer: buyer.flatMap { $0 }, seat: seat.flatMap { $0 },
            isNewestFirst: direction == "newest", after: after.flatMap { $0 }.map { OrderID($0) })
    }

    /// Page by page, so that memory stays bounded.
    private func exportOrders(_ event: EventHandle, _ call: Call<StaffMember, Void>) -> Response {
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

    // MARK: Taking back

    private func refundTickets(
        _ event: EventHandle, _ call: Call<StaffMember, RefundTickets>
    ) async throws -> Response {
        let definition = event.view.definition
        guard let id = definition.id(.order, call.parameter("order")) else { throw Problem.notFound }
        let reason = try Reason.checked(call.content.reason)
        // The ids that are recorded are some that were given.
        let known = try await events.read(event) { $0.sale.order(OrderID(id.serial)) }
        guard let known, known.placedAt == id.at else { throw Problem.notFound }
        var faults = Faults()
        var tickets: Set<TicketID> = []
        faults.require(
            (1...CreateHold.quantityMax).contains(call.content.tickets.count), "/tickets", "must be 1 to 200")
        for (index, text) in call.content.tickets.prefix(CreateHold.quantityMax).enumerated() {
            guard let ticket = definition.id(.ticket, text), known.confirmedAt.map({ $0 == ticket.at }) ?? true else {
                faults.add("/tickets/\(index)", "is no ticket of this event")
                continue
            }
            faults.require(tickets.insert(TicketID(ticket.serial)).inserted, "/tickets/\(index)", "is there twice")
        }
        try faults.throwIfAny()
        let key = try IdempotencyHeader.key(
            call.request, operation: "refund \(id.serial)", caller: "organizer", body: call.bytes)
        let command = ReturnTickets(tickets, of: OrderID(id.serial), reason: reason, key: key)
        let order = try await events.apply(command, to: event, by: call.caller, as: .ticketsRefunded, id.text)
        call.context.correlation.learn(order: id.text)
        return .json(.accepted, presenter.order(order, in: event.view))
    }

    // MARK: A buyer

    private static let buyersOrdersMax = 100

    private func getBuyer(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        guard let buyer = BuyerID(text: call.parameter("buyer") ?? "") else { throw Problem.notFound }
        call.context.correlation.learn(buyer: buyer.text)
        let (standing, holds, orders) = try await events.read(event) { partition in
            let orders = partition.sale.orders(of: buyer).prefix(OrderDeskRoutes.buyersOrdersMax)
            return (partition.line.standing(of: buyer), partition.sale.holds(of: buyer), Array(orders))
        }
        let view = event.view
        let admittedThrough = view.line.admittedThrough
        return .json(.ok) { writer in
            writer.member("buyer", buyer.text)
            if let standing {
                writer.object("place") { OrderDeskRoutes.write(standing, admittedThrough: admittedThrough, to: &$0) }
            } else {
                writer.null("place")
            }
            if let pass = standing?.pass {
                writer.object("pass") { writer in
                    writer.member("grantedAt", pass.grantedAt)
                    writer.member("expiresAt", pass.expiresAt)
                }
            } else {
                writer.null("pass")
            }
            writer.array("holds") { writer in
                for hold in holds { writer.object { Presenter.write(hold, in: view, to: &$0) } }
            }
            writer.array("orders") { writer in
                for order in orders {
                    writer.object { presenter.write(order, in: view, for: .init(call.caller), to: &$0) }
                }
            }
        }
    }

    private static func write(_ standing: Standing, admittedThrough: LineNumber, to writer: inout JSONWriter) {
        writer.member("state", standing.state.rawValue)
        writer.member("number", standing.place.number?.serial)
        if let lobbyIndex = standing.place.lobbyIndex { writer.member("lobbyIndex", lobbyIndex) }
        writer.member("position", standing.position(behind: admittedThrough))
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
        return fields.map(CSV.field).joined(separator: ",") + "\r\n"
    }
}
