import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

extension Cast {
    /// The words for a fact of the line. The draw's seed is not among them.
    mutating func words(for fact: LineFact, at: Timestamp) -> Words {
        switch fact {
        case .joined(let fact): return joined(fact)
        case .called(let fact):
            return Words(
                "Called",
                "Number \(number(of: fact.place)) was called. A pass was kept for it until "
                    + "\(UTC.text(fact.until, beside: at)).")
        case .callLapsed(let fact):
            return Words(
                "Call lapsed",
                "Number \(number(of: fact.place)) did not claim its pass in \(Line.callSeconds) seconds, so the next was "
                    + "called. It may come back to the front for \(definition.schedule.frontSeconds) seconds.")
        case .callWithdrawn(let fact):
            return Words(
                "Call withdrawn",
                "Fewer may shop at a time, so number \(number(of: fact.place)) went back to the front of the line.")
        case .moved(let fact):
            return Words(
                "Moved to the end",
                "Number \(number(of: fact.place)) came back too late and became number \(number(of: fact.to)).")
        case .passGranted(let fact):
            return Words(
                "Pass granted",
                "Number \(number(of: fact.place)) may shop until \(UTC.text(fact.expiresAt, beside: at)).")
        case .passExpired: return Words("Pass expired", "Its time was over.")
        case .passGivenUp: return Words("Pass given up", "The buyer gave it up, and with it what was held.")
        case .passEnded(let fact):
            switch fact.why {
            case .idle:
                return Words(
                    "Pass ended",
                    "Nothing was held or ordered for \(definition.schedule.passIdleSeconds) seconds.")
            case .declines:
                return Words(
                    "Pass ended", "\(Line.declinesMax) payments were declined. Answered from then on: not admitted.")
            }
        case .paused: return Words("Sale paused", "The organizer paused the sale. Live holds could still be paid.")
        case .resumed: return Words("Sale resumed", "The organizer resumed the sale.")
        case .rescheduled(let fact):
            let closes = fact.schedule.closesAt.map { ", closes at \(UTC.text($0))" } ?? ""
            return Words(
                "Schedule changed",
                "The sale opens at \(UTC.text(fact.schedule.opensAt))\(closes); \(fact.schedule.maxActiveShoppers) may "
                    + "shop at a time.")
        case .drawCommitted(let fact):
            return Words(
                "Draw committed",
                "The lobby opened. The SHA-256 of the draw's seed is \(Hex.encode(Draw.commitment(to: fact.seed))).")
        case .drawn(let fact):
            let own = places.last { $0.serial <= fact.lobbySize }.map { " This buyer's is \(number(of: $0))." } ?? ""
            return Words("Draw held", "The \(fact.lobbySize) in the lobby got their numbers.\(own)")
        case .soldOut:
            return Words(
                "Sold out", "Every place was sold: all passes and calls ended. Whoever waited kept their number.")
        case .seatsReturned: return Words("Seats returned", "Places came back, and the line moved on.")
        }
    }

    private mutating func joined(_ fact: LineFact.Joined) -> Words {
        if let draw, fact.place.serial <= draw.lobbySize {
            return Words(
                "Joined the lobby", "As entrant \(fact.place.serial) of \(draw.lobbySize); the draw gives the number.")
        }
        return Words(
            "Joined the line",
            hasLobbyAhead
                ? "As entrant \(fact.place.serial); if the draw is still to come, it gives the number."
                : "As number \(fact.place.serial).")
    }

    /// Whether an event with a lobby hasn't had its draw.
    private var hasLobbyAhead: Bool { draw == nil && definition.schedule.lobbyOpensAt != nil }
}

extension Cast {
    /// The words for an organizer's action.
    func words(for note: AuditNote) -> Words {
        let action =
            switch note.action {
            case .created: "created the event"
            case .paused: "paused the sale"
            case .resumed: "resumed the sale"
            case .onsaleChanged: "changed the sale's schedule"
            case .blocked: "blocked seats"
            case .unblocked: "unblocked seats"
            case .refunded: "cancelled the order"
            case .refundSeen: "gave money back on its own"
            case .disputeSeen: "told of a dispute"
            case .ineligible: "refused the order"
            case .edited: "edited the event"
            case .published: "published the event"
            case .ticketsRefunded: "took tickets of the order back"
            }
        return Words("Noted", "“\(note.actor)” \(action)" + (note.detail.isEmpty ? "." : ": \(note.detail)."))
    }
}
