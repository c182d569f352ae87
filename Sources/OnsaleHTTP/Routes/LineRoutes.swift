import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleValues
import OnsaleWaitingRoom

/// Joining an onsale, the line, and the pass that admits to it.
struct LineRoutes: RouteGroup {
    let events: EventClient
    let tokens: Tokens
    /// nil if joining needs no proof of work.
    let challenge: JoinChallenge?
    private let rooms = WaitingRoomCache()
    private let entrantLists: EntrantLists

    /// - Parameter nodes: nil where there is only this one.
    init(events: EventClient, tokens: Tokens, challenge: JoinChallenge?, nodes: Nodes?) {
        entrantLists = EntrantLists(nodes)
        self.events = events
        self.tokens = tokens
        self.challenge = challenge
    }

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "joinWaitingRoom", .post, event: "/waiting-room", for: .buyer, at: .promptOwner,
                "Joins the line; the same buyer gets the same place again.",
                "In the lobby `number` is null; after the draw, asking again gives it. Whoever has a place is present by "
                    + "asking. When a pass has ended its place is spent, and joining gives a new one at the end of the line.",
                by: .session, isLimited: true, takes: .nothing, [.proof],
                gives: [
                    .init(200, "The place you have already.", .placeTicket), .init(201, "A new place.", .placeTicket),
                ],
                refuses: [
                    .onsaleClosed: "the lobby is not open yet, or the sale is over", .challengeRequired: "",
                ], join),
            Endpoint(
                "getWaitingRoom", .get, event: "/waiting-room", for: .buyer, at: .any,
                "Says how the line stands, the same for everybody.", by: .anyone, takes: .nothing,
                gives: [.init(200, "How it stands.", .waitingRoom, headers: [.cacheControl])], getWaitingRoom),
            Endpoint(
                "listEntrants", .get, event: "/waiting-room/entrants", for: .buyer, at: .any,
                "Lists the lobby's entrants in the order in which they joined, for whoever wants to check the draw.",
                "`entrantsHash` is the SHA-256 of this list, byte for byte; the entrant in line `lobbyIndex`, counted from 0, "
                    + "is the one who was told that index.",
                by: .anyone, takes: .nothing,
                gives: [
                    .init(
                        200, "One buyer a line, the last one too ended by a line feed.", "text/plain",
                        .text(pattern: #"^(byr_[0-9a-z]+\n)*$"#), headers: [.cacheControl])
                ], refuses: [.notFound: "there is no such event, or no draw of it yet"], listEntrants),
            Endpoint(
                "claimPass", .post, event: "/waiting-room/pass", for: .buyer, at: .promptOwner,
                "Asks for the pass of a place; while it lives, the same one again.",
                "A ticket is worth nothing without its buyer's session. Whoever asks is present, and whoever is called has 20 "
                    + "seconds to ask; who was passed over stands first when asking again within `frontSeconds`, and goes to "
                    + "the end of those waiting afterwards.",
                by: .session, isLimited: true, takes: .json(ClaimPassBody.self),
                gives: [.init(201, "The pass.", .pass)],
                refuses: [
                    .notAdmitted: "it is not this place's turn, and `position` and `etaSeconds` say how far it is",
                    .soldOut: "nothing is left for now", .onsaleClosed: "the sale is not open",
                    .placeSpent: "the pass of this place has ended; join again",
                ], claimPass),
            Endpoint(
                "giveUpPass", .delete, event: "/waiting-room/pass", for: .buyer, at: .promptOwner,
                "Gives up the pass, and any hold without an order with it.", by: .pass, takes: .nothing,
                gives: [.init(204, "It is given up.")], refuses: [.placeSpent: "the pass has ended"], giveUpPass),
        ]
    }

    private func join(_ event: EventHandle, _ call: Call<BuyerID, Void>) async throws -> Response {
        try challenge?.require(call.request, buyer: call.caller, event: event.id)
        let (place, isNew) = try await events.apply(JoinLine(call.caller), to: event)
        return .json(isNew ? .created : .ok) { writer in
            writer.member("ticket", tokens.ticket(of: place.id, event: event.id, call.caller))
            writer.member("number", place.number?.serial)
            if let lobbyIndex = place.lobbyIndex { writer.member("lobbyIndex", lobbyIndex) }
            writer.member("phase", WaitingRoom.phase(event.view, at: events.now()))
        }
    }

    /// The same for everyone, so that caches can share it.
    private func getWaitingRoom(_ event: EventHandle, _ call: Call<Void, Void>) -> Response {
        .json(.ok, rooms.json(event.view, at: events.now()), headers: [.cacheControl: "public, max-age=1"])
    }

    private func listEntrants(_ event: EventHandle, _ call: Call<Void, Void>) async throws -> Response {
        let isPassedOn = call.context.relay != nil
        guard let list = try await entrantLists.list(of: event, events.engine, isPassedOn: isPassedOn) else {
            throw Problem.notFound
        }
        // Slices of the one list, sent piece by piece: a million entrants are 31 MB, and a slow reader must not hold a
        // copy.
        let body = ResponseBody(contentLength: list.readableBytes) { writer in
            var rest = list
            while let piece = rest.readSlice(length: min(64 << 10, rest.readableBytes)), piece.readableBytes > 0 {
                try await writer.write(piece)
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "public, max-age=3600"],
            body: body)
    }

    private func claimPass(_ event: EventHandle, _ call: Call<BuyerID, ClaimPassBody>) async throws -> Response {
        // A ticket alone proves nothing: others may have seen it.
        guard
            case .ticket(event.id, let buyer, let place)? = await tokens.principal(
                call.content.ticket, now: events.now())
        else { throw Problem.invalid("/ticket", "is not a ticket for this event's waiting room") }
        guard buyer == call.caller else { throw Problem(.forbidden, "This ticket is another buyer's.") }
        let pass = try await events.apply(ClaimPass(of: place, buyer: buyer), to: event)
        return .json(.created) { writer in
            writer.member("pass", tokens.pass(pass.id, event: event.id, buyer, expiresAt: pass.expiresAt))
            writer.member("expiresAt", pass.expiresAt)
        }
    }

    private func giveUpPass(_ event: EventHandle, _ call: Call<Shopper, Void>) async throws -> Response {
        try await events.apply(GiveUpPass(call.caller.pass, buyer: call.caller.buyer), to: event)
        return .noContent
    }
}
