import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues

/// Holding places and paying for them.
extension OnsaleService {
    // MARK: Holds

    func createHold(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let (buyer, pass) = try await requirePass(request, for: event.id)
        try limit(request, context, buyer: buyer)
        let body = try await Body.collect(request)
        let definition = event.view.definition
        let selection = try Body.decode(CreateHold.self, from: request, body).selection(in: definition.plan)
        let key = try IdempotencyHeader.key(request, operation: "hold", caller: buyer.text, body: body)
        let hold = try await apply(HoldPlaces(selection, buyer: buyer, pass: pass, key: key), to: event)
        return json(
            .created, holdBody(hold, in: definition),
            headers: [.location: "/v1/events/\(event.id)/holds/\(id(hold, in: definition))"])
    }

    func getHold(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let (buyer, _) = try await requirePass(request, for: event.id)
        let definition = event.view.definition
        let id = try holdID(context.parameters.get("hold"), in: definition)
        let hold = try await refusing(event) {
            try await engine.read(event) { partition in
                Result { try partition.sale.liveHold(id, buyer: buyer) }
            }.get()
        }
        return json(.ok, holdBody(hold, in: definition))
    }

    func releaseHold(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let (buyer, _) = try await requirePass(request, for: event.id)
        let definition = event.view.definition
        let id = try holdID(context.parameters.get("hold"), in: definition)
        try await apply(ReleaseHold(id, buyer: buyer), to: event)
        return Response(status: .noContent)
    }

    private func holdID(_ text: String?, in definition: EventDefinition) throws(Problem) -> HoldID {
        guard let id = text.flatMap({ PublicID(.hold, text: $0) }), id.tag == definition.tag else {
            throw .notFound
        }
        return HoldID(id.serial)
    }

    // MARK: Orders

    /// How long an order may be waited for, in seconds.
    private static let waitSecondsMax = 30

    func createOrder(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let (buyer, _) = try await requirePass(request, for: event.id)
        try limit(request, context, buyer: buyer)
        let body = try await Body.collect(request)
        guard let key = try IdempotencyHeader.key(request, operation: "order", caller: buyer.text, body: body) else {
            throw Problem(
                .idempotencyKeyRequired, "An order needs an Idempotency-Key, so that it is never charged twice.")
        }
        let asked = try Body.decode(CreateOrder.self, from: request, body)
        guard (1...255).contains(asked.payment.method.utf8.count) else {
            throw Problem.invalid("/payment/method", "must have 1 to 255 bytes")
        }
        let definition = event.view.definition
        guard let hold = PublicID(.hold, text: asked.hold), hold.tag == definition.tag else {
            throw Problem(.notFound, "There is no such hold.")
        }
        let command = PlaceOrder(
            HoldID(hold.serial), buyer: buyer, paymentMethod: asked.payment.method, trace: trace(request), key: key)
        let waitSeconds = waitSeconds(request)
        let order = try await apply(command, to: event, waitSeconds: waitSeconds)
        var headers: HTTPFields = [.location: "/v1/events/\(event.id)/orders/\(id(order, in: definition))"]
        if waitSeconds > 0 { headers[.preferenceApplied] = "wait=\(waitSeconds)" }
        return json(order.state.isFinal ? .created : .accepted, orderBody(order, in: definition), headers: headers)
    }

    private func apply(_ command: PlaceOrder, to event: EventHandle, waitSeconds: Int) async throws -> Order {
        guard waitSeconds > 0 else { return try await apply(command, to: event) }
        return try await refusing(event) {
            try await engine.apply(command, to: event, waitUntil: engine.now().adding(seconds: waitSeconds))
        }
    }

    /// `Prefer: wait=10` (RFC 7240, section 4.3).
    private func waitSeconds(_ request: Request) -> Int {
        for preference in request.headers.plain(.prefer)?.split(whereSeparator: { $0 == "," || $0 == ";" }) ?? [] {
            let preference = preference.trimmingPrefix { $0 == " " }
            if preference.hasPrefix("wait="), let seconds = Int(preference.dropFirst(5)) {
                return max(0, min(seconds, OnsaleService.waitSecondsMax))
            }
        }
        return 0
    }

    /// The request's W3C trace context, if it is one. <https://www.w3.org/TR/trace-context/#traceparent-header>
    private func trace(_ request: Request) -> String? {
        guard let text = request.headers[.traceparent], text.utf8.count == 55 else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isHex = parts.allSatisfy { part in
            part.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
        }
        return parts.map(\.utf8.count) == [2, 32, 16, 2] && isHex ? text : nil
    }

    func getOrder(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let (order, definition) = try await order(request, context)
        return json(.ok, orderBody(order, in: definition))
    }

    /// The order that a path names, for its buyer and the organizer.
    func order(_ request: Request, _ context: OnsaleContext) async throws -> (Order, EventDefinition) {
        let event = try await event(context)
        let definition = event.view.definition
        let buyer = try isAdmin(request, context) ? nil : await requireBuyer(request, of: event.id)
        guard let id = orderID(context.parameters.get("order"), in: definition) else { throw Problem.notFound }
        let order = try await engine.read(event) { $0.sale.order(OrderID(id.serial)) }
        guard let order, buyer == nil || buyer == order.buyer, order.placedAt == id.at else { throw Problem.notFound }
        return (order, definition)
    }

    func cancelOrder(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let definition = event.view.definition
        let buyer = try isAdmin(request, context) ? nil : await requireBuyer(request, of: event.id)
        let body = try await Body.collect(request)
        guard let id = orderID(context.parameters.get("order"), in: definition) else { throw Problem.notFound }
        let key = try IdempotencyHeader.key(
            request, operation: "cancel \(id.serial)", caller: buyer?.text ?? "organizer", body: body)
        let command = CancelOrder(OrderID(id.serial), buyer: buyer, key: key)
        let order =
            buyer == nil
            ? try await apply(command, to: event, noting: .refunded, id.text, request)
            : try await apply(command, to: event)
        return json(.accepted, orderBody(order, in: definition))
    }

    // MARK: A buyer's orders

    private static let pageDefault = 50
    private static let pageMax = 100

    /// A buyer's orders, every event, newest first, a page at a time.
    func myOrders(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let buyer = try await requireSession(request)
        try limit(request, context, buyer: buyer)
        let query = request.uri.queryParameters
        var faults = Faults()
        let limit = query.get("limit").map { Int($0) } ?? OnsaleService.pageDefault
        faults.require(
            (1...OnsaleService.pageMax).contains(limit ?? 0), "/limit", "must be from 1 to \(OnsaleService.pageMax)")
        let after = query.get("after").map { PublicID(.order, text: String($0)) }
        faults.require(after != .some(nil), "/after", "is no order")
        try faults.throwIfAny()
        let found = try await orders(of: buyer, before: after.flatMap { $0 }, atMost: (limit ?? 0) + 1)
        let page = found.prefix(limit ?? 0)
        return json(.ok) { writer in
            writer.array("orders") { writer in
                for (order, definition) in page { writer.object { write(order, in: definition, to: &$0) } }
            }
            if found.count > page.count, let last = page.last {
                writer.member("next", id(last.order, in: last.definition))
            } else {
                writer.null("next")
            }
        }
    }

    private func orders(
        of buyer: BuyerID, before: PublicID?, atMost max: Int
    ) async throws -> [(order: Order, definition: EventDefinition)] {
        var found: [(order: Order, definition: EventDefinition)] = []
        for id in engine.eventsWithOrders(of: buyer) {
            // An event that is out of service must not hide the orders of the others.
            guard let event = try? await engine.event(id) else { continue }
            let definition = event.view.definition
            let orders = try await engine.read(event) { partition in
                Array(
                    partition.sale.orders(of: buyer).lazy
                        .filter { order in before.map { Rank(order, definition.tag) < Rank($0) } ?? true }.prefix(max))
            }
            found += orders.map { ($0, definition) }
        }
        found.sort { Rank($0.order, $0.definition.tag) > Rank($1.order, $1.definition.tag) }
        return Array(found.prefix(max))
    }

    /// Where an order stands among all of a buyer's.
    private struct Rank: Comparable {
        let at: Timestamp
        let serial: UInt32
        let tag: UInt64

        init(_ order: Order, _ tag: UInt64) {
            at = order.placedAt
            serial = order.id.serial
            self.tag = tag
        }

        init(_ id: PublicID) {
            at = id.at
            serial = id.serial
            tag = id.tag
        }

        static func < (left: Rank, right: Rank) -> Bool {
            (left.at, left.serial, left.tag) < (right.at, right.serial, right.tag)
        }
    }
}
