import HTTPTypes
import Hummingbird
import OnsaleAccounts
import OnsaleCorrelation
import OnsaleEngine
import OnsaleQR
import OnsaleSale
import OnsaleValues
import Tracing

/// Paying for a hold, and what a buyer has bought.
struct OrderRoutes: RouteGroup {
    let events: EventClient
    let presenter: Presenter
    let mine: BuyersOrders
    /// nil where services say nothing.
    let notes: (any OrderNotes)?

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "createOrder", .post, event: "/orders", for: .buyer, at: .cashier, "Places an order: pays for a hold.",
                "A pass that ended by time still pays for the holds it made. Final is also declined or expired: look at "
                    + "`state`. A declined order leaves its hold, for at least 60 s (once a hold), so that another card can "
                    + "be tried with another key; after five declined payments the pass ends.",
                by: .pass, isLimited: true, takes: .json(CreateOrder.self), key: .required, [.prefer, .traceparent],
                gives: [
                    .init(201, "The order, final.", .order, headers: [.location, .preferenceApplied]),
                    .init(202, "The order, still in progress.", .order, headers: [.location, .preferenceApplied]),
                ],
                refuses: [
                    .idempotencyKeyRequired: "an order needs a key",
                    .notFound: "there is no such event, or no such hold of this buyer",
                    .idempotencyConflict: "the key came with another body",
                    .holdOrdered: "another order pays for this hold", .holdExpired: "the hold has ended",
                ], createOrder),
            Endpoint(
                "getOrder", .get, event: "/orders/:order", for: .buyer, at: .promptOwner,
                "Gives an order to its buyer or the organizer.",
                by: .holder(or: .viewer), takes: .nothing, gives: [.init(200, "The order.", .order)], getOrder),
            Endpoint(
                "getQRCode", .get, event: "/orders/:order/tickets/:ticket/qr.svg", for: .buyer, at: .promptOwner,
                "Gives a ticket's barcode as a QR code.", by: .holder(or: .boxOffice), takes: .nothing,
                gives: [.init(200, "The QR code.", "image/svg+xml", .text)], getQRCode),
            Endpoint(
                "cancelOrder", .post, event: "/orders/:order/cancel", for: .buyer, at: .promptOwner,
                "Cancels a confirmed order of which no ticket is checked in.",
                "Its tickets are void and its seats free at once. The refund is repeated until the provider confirms it. A "
                    + "body that is not `application/json` is not read.",
                by: .holder(or: .boxOffice), takes: .ifAny(CancelOrderBody.self), key: .taken,
                gives: [.init(202, "The order as it stands now.", .order)],
                refuses: [
                    .malformedRequest: "the Idempotency-Key is not 1 to 255 visible ASCII characters",
                    .notCancellable: "", .idempotencyConflict: "the key came with another body", .rateLimited: "",
                ], cancelOrder),
            Endpoint(
                "listMyOrders", .get, "/v1/orders", for: .buyer, at: .several,
                "Lists the buyer's orders of all events, newest first, a page at a time.", by: .session,
                isLimited: true, takes: .nothing,
                [.after, .limitOfMine], gives: [.init(200, "The orders.", .orderList)],
                refuses: [.invalidRequest: "", .overloaded: ""], listMyOrders),
        ]
    }

    // MARK: Paying

    /// The longest a request may wait for its order, in seconds.
    private static let waitSecondsMax = 30

    private func createOrder(_ event: EventHandle, _ call: Call<Shopper, CreateOrder>) async throws -> Response {
        let buyer = call.caller.buyer
        let key = try IdempotencyHeader.key(call.request, operation: "order", caller: buyer.text, body: call.bytes)
        guard let key else { throw IdempotencyHeader.required }
        let asked = call.content
        guard (1...255).contains(asked.payment.method.utf8.count) else {
            throw Problem.invalid("/payment/method", "must have 1 to 255 bytes")
        }
        guard (asked.proof ?? "").utf8.count <= 255 else {
            throw Problem.invalid("/proof", "must have at most 255 bytes")
        }
        let definition = event.view.definition
        guard let hold = definition.id(.hold, asked.hold) else { throw Problem(.notFound, "There is no such hold.") }
        let command = PlaceOrder(
            HoldID(hold.serial), buyer: buyer, paymentMethod: asked.payment.method,
            trace: InstrumentationContext.current?.traceContext?.traceparent, key: key, proof: asked.proof)
        let waitSeconds = waitSeconds(call.request)
        let order = try await events.apply(command, to: event, waitSeconds: waitSeconds)
        call.context.correlation.learn(order: definition.publicID(order))
        var headers: HTTPFields = [.location: "/v1/events/\(event.id)/orders/\(definition.publicID(order))"]
        if waitSeconds > 0 { headers[.preferenceApplied] = "wait=\(waitSeconds)" }
        return .json(
            order.state.isFinal ? .created : .accepted, presenter.order(order, in: event.view), headers: headers)
    }

    /// `Prefer: wait=10` (RFC 7240, section 4.3).
    private func waitSeconds(_ request: Request) -> Int {
        for preference in request.headers.plain(.prefer)?.split(whereSeparator: { $0 == "," || $0 == ";" }) ?? [] {
            let preference = preference.trimmingPrefix { $0 == " " }
            if preference.hasPrefix("wait="), let seconds = Int(preference.dropFirst(5)) {
                return max(0, min(seconds, OrderRoutes.waitSecondsMax))
            }
        }
        return 0
    }

    // MARK: One order

    private func getOrder(_ event: EventHandle, _ call: Call<OrderHolder, Void>) async throws -> Response {
        let order = try await order(event, call)
        let view = event.view
        guard case .staff(let member) = call.caller else { return .json(.ok, presenter.order(order, in: view)) }
        let bounced = (try? await notes?.bounced(among: [view.definition.publicID(order)])) ?? []
        return .json(.ok) { writer in
            presenter.write(order, in: view, for: .init(member), to: &writer)
            if !bounced.isEmpty { writer.member("mailBounced", true) }
        }
    }

    private func order<Content>(_ event: EventHandle, _ call: Call<OrderHolder, Content>) async throws -> Order {
        guard let id = event.view.definition.id(.order, call.parameter("order")) else { throw Problem.notFound }
        let order = try await events.read(event) { $0.sale.order(OrderID(id.serial)) }
        guard let order, call.caller.mayTouch(order), order.placedAt == id.at else { throw Problem.notFound }
        call.context.correlation.learn(order: id.text)
        return order
    }

    private func getQRCode(_ event: EventHandle, _ call: Call<OrderHolder, Void>) async throws -> Response {
        let definition = event.view.definition
        let order = try await order(event, call)
        guard order.state == .confirmed, let issuedAt = order.confirmedAt, let wanted = call.parameter("ticket"),
            let position = order.validTickets
                .first(where: { definition.publicID($0.element, issuedAt: issuedAt) == wanted })?.offset,
            let code = QRSymbol(
                presenter.barcodes.text(
                    ticket: wanted, event: definition.id, place: definition.placeName(order.places, position)))
        else { throw Problem.notFound }
        return Response(
            status: .ok,
            headers: [
                .contentType: "image/svg+xml", .cacheControl: "private, no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "default-src 'none'",
            ],
            body: .init(byteBuffer: code.svg))
    }

    private func cancelOrder(_ event: EventHandle, _ call: Call<OrderHolder, CancelOrderBody?>) async throws -> Response
    {
        let definition = event.view.definition
        guard let id = definition.id(.order, call.parameter("order")) else { throw Problem.notFound }
        let key = try IdempotencyHeader.key(
            call.request, operation: "cancel \(id.serial)", caller: call.caller.buyer?.text ?? "organizer",
            body: call.bytes)
        let reason = try Reason.checked(call.content?.reason)
        // The id that is recorded is one that was given.
        _ = try await self.order(event, call)
        let command = CancelOrder(OrderID(id.serial), buyer: call.caller.buyer, reason: reason, key: key)
        let order =
            switch call.caller {
            case .buyer: try await events.apply(command, to: event)
            case .staff(let member):
                try await events.apply(command, to: event, by: member, as: .refunded, id.text)
            }
        call.context.correlation.learn(order: id.text)
        return .json(.accepted, presenter.order(order, in: event.view))
    }

    // MARK: A buyer's orders

    private static let pageDefault = 50
    private static let pageMax = 100

    private func listMyOrders(_ call: Call<BuyerID, Void>) async throws -> Response {
        let query = call.request.uri.queryParameters
        var faults = Faults()
        let limit = query.get("limit").map { Int($0) } ?? OrderRoutes.pageDefault
        faults.require(
            (1...OrderRoutes.pageMax).contains(limit ?? 0), "/limit", "must be from 1 to \(OrderRoutes.pageMax)")
        let after = query.get("after").map { PublicID(.order, text: String($0)) }
        faults.require(after != .some(nil), "/after", "is not an order")
        try faults.throwIfAny()
        return try await mine.page(
            of: call.caller, before: after.flatMap { $0 }, limit: limit ?? 0, call.request, call.context)
    }
}
