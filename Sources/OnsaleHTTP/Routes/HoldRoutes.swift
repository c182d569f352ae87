import HTTPTypes
import Hummingbird
import OnsaleEngine
import OnsaleSale
import OnsaleValues

/// Holding places.
struct HoldRoutes: RouteGroup {
    let events: EventClient

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "createHold", .post, event: "/holds", for: .buyer, at: .promptOwner,
                "Holds places: all of them, or none.",
                by: .pass, isLimited: true, takes: .json(CreateHold.self), key: .taken,
                gives: [.init(201, "The hold.", .hold, headers: [.location])],
                refuses: [
                    .seatsUnavailable: "some are taken, or too few are left of an area or category", .orphanSeat: "",
                    .purchaseLimit: "", .soldOut: "", .onsaleClosed: "also while paused",
                    .notAdmitted: "the pass has ended", .idempotencyConflict: "the key came with another body",
                ], createHold),
            Endpoint(
                "getHold", .get, event: "/holds/:hold", for: .buyer, at: .promptOwner, "Gives a live hold.", by: .pass,
                takes: .nothing,
                gives: [.init(200, "The hold.", .hold)], refuses: [.holdExpired: "the hold has ended"], getHold),
            Endpoint(
                "releaseHold", .delete, event: "/holds/:hold", for: .buyer, at: .promptOwner, "Gives a hold back.",
                by: .pass,
                takes: .nothing,
                gives: [.init(204, "Its places are free.")],
                refuses: [.holdOrdered: "an order pays for it", .holdExpired: "the hold has ended"], releaseHold),
        ]
    }

    private func createHold(_ event: EventHandle, _ call: Call<Shopper, CreateHold>) async throws -> Response {
        let definition = event.view.definition
        let selection = try call.content.selection(in: definition.plan)
        let key = try IdempotencyHeader.key(
            call.request, operation: "hold", caller: call.caller.buyer.text, body: call.bytes)
        let hold = try await events.apply(
            HoldPlaces(selection, buyer: call.caller.buyer, pass: call.caller.pass, key: key), to: event)
        return .json(
            .created, Presenter.hold(hold, in: event.view),
            headers: [.location: "/v1/events/\(event.id)/holds/\(definition.publicID(hold))"])
    }

    private func getHold(_ event: EventHandle, _ call: Call<Shopper, Void>) async throws -> Response {
        let id = try id(call.parameter("hold"), in: event.view.definition)
        let buyer = call.caller.buyer
        let hold = try await events.readOrRefuse(event) { partition throws(Refusal) in
            try partition.sale.liveHold(id, buyer: buyer)
        }
        return .json(.ok, Presenter.hold(hold, in: event.view))
    }

    private func releaseHold(_ event: EventHandle, _ call: Call<Shopper, Void>) async throws -> Response {
        let id = try id(call.parameter("hold"), in: event.view.definition)
        try await events.apply(ReleaseHold(id, buyer: call.caller.buyer), to: event)
        return .noContent
    }

    private func id(_ text: String?, in definition: EventDefinition) throws(Problem) -> HoldID {
        guard let id = definition.id(.hold, text) else { throw .notFound }
        return HoldID(id.serial)
    }
}
