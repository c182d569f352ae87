import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues

/// What the door needs to let people in.
struct DoorRoutes: RouteGroup {
    let events: EventClient
    let barcodes: Barcodes
    let login: Login

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "checkIn", .post, event: "/check-ins", for: .door, at: .promptOwner, "Lets the holder of a ticket in.",
                "The ticket is known by its barcode, or by its id if somebody has found it by hand.", by: .door,
                takes: .json(CheckInBody.self), gives: [.init(200, "The ticket and its place.", .checkedIn)],
                refuses: [
                    .alreadyCheckedIn: "`checkedInAt` says when, `checkedInBy` at whose door",
                    .ticketVoid: "its order was cancelled",
                    .invalidRequest: "among others, the barcode is no ticket of this event",
                ], checkIn),
            Endpoint(
                "listVoidTickets", .get, event: "/tickets/void", for: .door, at: .promptOwner,
                "Lists void tickets, for scanners that are offline now and then.", by: .door, takes: .nothing,
                gives: [.init(200, "Ids of void tickets.", .voidTickets)], listVoidTickets),
            Endpoint(
                "getDoor", .get, event: "/door", for: .door, at: .promptOwner, "Says how many are in, of how many.",
                by: .attendant, takes: .nothing, gives: [.init(200, "The counts.", .doorCounts)], getDoor),
            Endpoint(
                "findTickets", .get, event: "/door/tickets", for: .door, at: .promptOwner,
                "Finds tickets by hand: by a seat, by their buyer's address, or by their order.",
                "One of the three must be given.", by: .door, takes: .nothing,
                [.seatOfTicket, .emailOfTickets, .orderOfTickets],
                gives: [.init(200, "The tickets, valid or not.", .doorTickets)],
                refuses: [.invalidRequest: "not one of the three, or none that can be meant"], findTickets),
            Endpoint(
                "getKeys", .get, "/.well-known/onsale-keys.json", for: .door, at: .any,
                "Gives the key with which a scanner checks barcodes offline.", by: .anyone, takes: .nothing,
                gives: [.init(200, "A JWK set.", .keySet, headers: [.cacheControl])]
            ) { _ in
                .json(
                    .ok, ByteBuffer(string: barcodes.publishedKeys), headers: [.cacheControl: "public, max-age=3600"])
            },
        ]
    }

    private func checkIn(_ event: EventHandle, _ call: Call<StaffMember, CheckInBody>) async throws -> Response {
        let definition = event.view.definition
        let ticket = try await ticket(call.content, of: event)
        let name = call.caller.isNamed ? call.caller.name : nil
        let (holder, places) = try await events.apply(CheckIn(ticket, by: name), to: event)
        return .json(.ok) { writer in
            writer.member("ticket", definition.publicID(holder))
            DoorRoutes.write(holder, at: places, in: definition, to: &writer)
            writer.member("checkedInAt", holder.checkedInAt)
            if let name { writer.member("checkedInBy", name) }
        }
    }

    private func ticket(_ body: CheckInBody, of event: EventHandle) async throws -> TicketID {
        let definition = event.view.definition
        switch (body.barcode, body.ticket) {
        case (let barcode?, nil):
            guard let ticket = barcodes.ticket(barcode, event: definition.id), ticket.tag == definition.tag else {
                throw Problem.invalid("/barcode", "is not a ticket for this event")
            }
            return TicketID(ticket.serial)
        case (nil, let text?):
            guard let id = definition.id(.ticket, text),
                let ticket = try await events.read(event, { $0.sale.ticket(TicketID(id.serial)) }),
                ticket.issuedAt == id.at
            else { throw Problem.invalid("/ticket", "is not a ticket for this event") }
            return ticket.id
        default: throw Problem.invalid("/barcode", "or `ticket` must be given, not both")
        }
    }

    private static func write(
        _ ticket: Ticket, at places: Places, in definition: EventDefinition, to writer: inout JSONWriter
    ) {
        let place = definition.placeName(places, ticket.position)
        if case .area = places { writer.member("area", place) } else { writer.member("seat", place) }
    }

    private func getDoor(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let attendance = try await events.read(event) { $0.sale.attendance }
        return .json(.ok) { writer in
            writer.member("tickets", attendance.tickets)
            writer.member("checkedIn", attendance.checkedIn)
        }
    }

    // MARK: By hand

    private static let foundMax = 100

    /// A ticket that was found, and whose it is.
    private struct Found: Sendable {
        let ticket: Ticket
        let order: Order
        let checkedInBy: String?
    }

    private func findTickets(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let definition = event.view.definition
        let search = try search(call.query, in: definition)
        let found = try await events.read(event) { DoorRoutes.tickets(search, in: $0.sale) }
        return .json(.ok) { writer in
            writer.array("tickets") { writer in
                for found in found.prefix(DoorRoutes.foundMax) {
                    writer.object { writer in
                        writer.member("ticket", definition.publicID(found.ticket))
                        DoorRoutes.write(found.ticket, at: found.order.places, in: definition, to: &writer)
                        writer.member("category", definition.category(of: found.order.places, found.ticket.position))
                        writer.member("order", definition.publicID(found.order))
                        writer.member("isVoid", found.ticket.isVoid)
                        writer.member("checkedInAt", found.ticket.checkedInAt)
                        writer.member("checkedInBy", found.checkedInBy)
                    }
                }
            }
            writer.member("isMore", found.count > DoorRoutes.foundMax)
        }
    }

    private enum Search: Sendable {
        case orders(OrderQuery)
        case order(OrderID, at: Timestamp)
    }

    private func search(_ query: Parameters, in definition: EventDefinition) throws -> Search {
        let given = ["seat", "email", "order"].compactMap { name in query.get(name).map { (name, String($0)) } }
        guard given.count == 1, let (name, text) = given.first else {
            throw Problem.invalid("", "one of seat, email and order must be given")
        }
        var faults = Faults()
        var search: Search?
        switch name {
        case "seat":
            let seat = definition.plan.seat(named: text)
            faults.require(seat != nil, "/seat", "is not in the plan")
            search = .orders(OrderQuery(seat: seat, isNewestFirst: true))
        case "email":
            let buyer = login.buyer(typed: text, &faults)
            search = .orders(OrderQuery(buyer: buyer, isNewestFirst: true))
        default:
            let id = definition.id(.order, text)
            faults.require(id != nil, "/order", "is not an order of this event")
            search = id.map { .order(OrderID($0.serial), at: $0.at) }
        }
        try faults.throwIfAny()
        guard let search else { throw Problem.notFound }
        return search
    }

    /// One more than are shown, so that it is known whether there are more.
    private static func tickets(_ search: Search, in sale: Sale) -> [Found] {
        let orders: [Order]
        var wanted: SeatIndex?
        switch search {
        case .orders(let query):
            wanted = query.seat
            orders = sale.orders(query, atMost: foundMax + 1).orders
        case .order(let id, let at): orders = [sale.order(id)].compactMap(\.self).filter { $0.placedAt == at }
        }
        var found: [Found] = []
        for order in orders {
            for id in order.tickets {
                guard let ticket = sale.ticket(id) else { continue }
                if let wanted, case .seats(let seats) = order.places, seats[ticket.position] != wanted { continue }
                found.append(Found(ticket: ticket, order: order, checkedInBy: sale.checkedInBy(ticket)))
                if found.count > foundMax { return found }
            }
        }
        return found
    }

    private func listVoidTickets(_ event: EventHandle, _ call: Call<StaffMember, Void>) async throws -> Response {
        let definition = event.view.definition
        let void = try await events.read(event) { $0.sale.tickets.filter(\.isVoid) }
        return .json(.ok) { $0.member("tickets", strings: void.lazy.map(definition.publicID)) }
    }
}

extension Parameter {
    static let seatOfTicket = Parameter(
        nil, "seat", in: "query", "Tickets for this seat.", .text.with("examples", ["F1-1-1"]))
    static let emailOfTickets = Parameter(nil, "email", in: "query", "Tickets of the buyer with this address.")
    static let orderOfTickets = Parameter(nil, "order", in: "query", "Tickets of this order.")
}
