import HTTPTypes
import Hummingbird
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// Joining an onsale, and the pass that admits to it.
extension OnsaleService {
    func join(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let buyer = try await requireSession(request)
        try limit(request, context, buyer: buyer)
        let event = try await event(context)
        try requireNoLine(event)
        switch try await engine.apply(.line(.join(buyer)), to: event) {
        case .line(.place(let place, let isNew)):
            return json(isNew ? .created : .ok) { writer in
                writer.member("ticket", tokens.ticket(event: event.id, buyer, number: place.number))
                writer.member("number", place.number)
                writer.member("phase", roomPhase(event.view))
            }
        case .line(.refused(let refusal)): throw problem(refusal)
        default: throw Problem.notFound
        }
    }

    /// The same for everybody, so that it can be cached.
    func waitingRoom(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        try requireNoLine(event)
        let view = event.view
        return json(.ok, headers: [.cacheControl: "public, max-age=1"]) { writer in
            writer.member("phase", roomPhase(view))
            writer.member("opensAt", view.schedule.opensAt)
            writer.member("issued", view.issuedNumbers)
            // Without a line everyone who has a number is admitted.
            writer.member("admittedThrough", view.issuedNumbers)
            writer.member("admittedPerMinute", 0)
            writer.member("activeShoppers", view.activeShoppers)
            writer.member("free", view.counts.free)
            writer.null("drawCommitment")
            writer.null("drawSeed")
            writer.null("lobbySize")
        }
    }

    func claimPass(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        try requireNoLine(event)
        let asked = try Body.decode(ClaimPass.self, from: request, try await Body.collect(request))
        guard case .ticket(event.id, let buyer, let number)? = await tokens.principal(asked.ticket, now: engine.now())
        else { throw Problem.invalid("/ticket", "is no ticket for this event's waiting room") }
        switch try await engine.apply(.line(.claimPass(buyer, number: number)), to: event) {
        case .line(.pass(let pass, _)):
            return json(.created) { writer in
                writer.member(
                    "pass", tokens.pass(event: event.id, buyer, serial: pass.serial, expiresAt: pass.expiresAt))
                writer.member("expiresAt", pass.expiresAt)
            }
        case .line(.refused(let refusal)): throw problem(refusal)
        default: throw Problem.notFound
        }
    }

    func giveUpPass(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let event = try await event(context)
        let (buyer, serial) = try await requirePass(request, for: event.id)
        switch try await engine.apply(.line(.giveUp(pass: serial, buyer: buyer)), to: event) {
        case .line(.refused(let refusal)): throw problem(refusal)
        default: return Response(status: .noContent)
        }
    }

    private func requireNoLine(_ event: EventHandle) throws(Problem) {
        guard event.view.schedule.hasWaitingRoom else { return }
        throw Problem(
            .notImplemented, "Lines are still being built; create the event with onsale.waitingRoom false.")
    }

    private func roomPhase(_ view: EventView) -> String {
        let phase = view.phase(at: engine.now())
        return phase == .scheduled ? OnsalePhase.closed.rawValue : phase.rawValue
    }

    private func problem(_ refusal: LineRefusal) -> Problem {
        switch refusal {
        case .closed, .hasOpened, .outOfOrder: Problem(.onsaleClosed, "The sale is not open now.")
        case .placeSpent, .passEnded:
            Problem(.placeSpent, "The pass for this place has ended. Join again to get a new place.")
        }
    }
}
