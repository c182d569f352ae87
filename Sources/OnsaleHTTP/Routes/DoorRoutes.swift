import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSale

/// What the door needs to let people in.
struct DoorRoutes: RouteGroup {
    let events: EventClient
    let barcodes: Barcodes

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "checkIn", .post, event: "/check-ins", for: .door, at: .promptOwner, "Lets the holder of a ticket in.",
                by: .door,
                takes: .json(CheckInBody.self), gives: [.init(200, "The ticket and its place.", .checkedIn)],
                refuses: [
                    .alreadyCheckedIn: "`checkedInAt` says when", .ticketVoid: "its order was cancelled",
                    .invalidRequest: "among others, the barcode is no ticket of this event",
                ], checkIn),
            Endpoint(
                "listVoidTickets", .get, event: "/tickets/void", for: .door, at: .promptOwner,
                "Lists void tickets, for scanners that are offline now and then.", by: .door, takes: .nothing,
                gives: [.init(200, "Ids of void tickets.", .voidTickets)], listVoidTickets),
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

    private func checkIn(_ event: EventHandle, _ call: Call<Void, CheckInBody>) async throws -> Response {
        let definition = event.view.definition
        guard let ticket = barcodes.ticket(call.content.barcode, event: definition.id), ticket.tag == definition.tag
        else { throw Problem.invalid("/barcode", "is not a ticket for this event") }
        let (holder, places) = try await events.apply(CheckIn(TicketID(ticket.serial)), to: event)
        return .json(.ok) { writer in
            writer.member("ticket", definition.publicID(holder))
            let place = definition.placeName(places, holder.position)
            if case .area = places { writer.member("area", place) } else { writer.member("seat", place) }
            writer.member("checkedInAt", holder.checkedInAt)
        }
    }

    private func listVoidTickets(_ event: EventHandle, _ call: Call<Void, Void>) async throws -> Response {
        let definition = event.view.definition
        let void = try await events.read(event) { $0.sale.tickets.filter(\.isVoid) }
        return .json(.ok) { $0.member("tickets", strings: void.lazy.map(definition.publicID)) }
    }
}
