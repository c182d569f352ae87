import Foundation
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// A fact as one line of JSON, for people who look into a journal.
enum FactPrinter {
    static func line(_ fact: Fact, sequence: UInt64, time: Timestamp) -> String {
        var members: [(String, Any)] = [("sequence", sequence), ("time", time.milliseconds)]
        switch fact {
        case .created(let definition):
            members += [
                ("fact", "eventCreated"), ("event", definition.id), ("title", definition.title),
                ("seats", definition.plan.seats.count), ("areas", definition.plan.areas.count),
            ]
        case .sale(let fact): members += sale(fact)
        case .line(let fact): members += line(fact)
        case .audited(let note):
            members += [
                ("fact", "audited"), ("by", note.actor), ("action", "\(note.action)"), ("detail", note.detail),
            ]
        }
        return "{" + members.map { "\(json($0.0)):\(json($0.1))" }.joined(separator: ",") + "}"
    }

    private static func sale(_ fact: SaleFact) -> [(String, Any)] {
        switch fact {
        case .held(let hold, let buyer, let pass, let places, let amount, let expiresAt, _):
            [
                ("fact", "held"), ("hold", hold), ("buyer", buyer.text), ("pass", pass), place(places),
                ("quantity", places.quantity), ("amount", amount), ("expiresAt", expiresAt.milliseconds),
            ]
        case .holdReleased(let hold): [("fact", "holdReleased"), ("hold", hold)]
        case .holdExpired(let hold): [("fact", "holdExpired"), ("hold", hold)]
        case .orderPlaced(let order, let hold, let method, let trace, _):
            [
                ("fact", "orderPlaced"), ("order", order), ("hold", hold), ("method", method),
                ("trace", trace ?? ""),
            ]
        case .orderAuthorized(let order, let intent):
            [("fact", "orderAuthorized"), ("order", order), ("intent", intent)]
        case .orderConfirmed(let order, let captured):
            [("fact", "orderConfirmed"), ("order", order), ("captured", captured)]
        case .orderDeclined(let order, let code, let void):
            [("fact", "orderDeclined"), ("order", order), ("code", code), ("void", void)]
        case .orderExpired(let order): [("fact", "orderExpired"), ("order", order)]
        case .intentLearned(let order, let intent):
            [("fact", "intentLearned"), ("order", order), ("intent", intent)]
        case .capturedLate(let order, let intent, let amount):
            [("fact", "capturedLate"), ("order", order), ("intent", intent), ("amount", amount)]
        case .voided(let order): [("fact", "voided"), ("order", order)]
        case .orderCancelled(let order, let byOrganizer, _):
            [("fact", "orderCancelled"), ("order", order), ("byOrganizer", byOrganizer)]
        case .refunded(let order, let amount):
            [("fact", "refunded"), ("order", order), ("amount", amount)]
        case .strayFound(let order, let intent, let captured):
            [("fact", "strayFound"), ("order", order), ("intent", intent), ("captured", captured)]
        case .strayReturned(let order, let intent):
            [("fact", "strayReturned"), ("order", order), ("intent", intent)]
        case .blocked(let seats): [("fact", "blocked"), ("seats", seats)]
        case .unblocked(let seats): [("fact", "unblocked"), ("seats", seats)]
        case .checkedIn(let ticket): [("fact", "checkedIn"), ("ticket", ticket)]
        case .paymentDeclined(let order, let code, let void, let holdUntil):
            [
                ("fact", "paymentDeclined"), ("order", order), ("code", code), ("void", void),
                ("holdUntil", holdUntil.milliseconds),
            ]
        case .actionRequired(let order, let intent, _):
            [("fact", "actionRequired"), ("order", order), ("intent", intent)]
        case .refundedByProvider(let order, let total):
            [("fact", "refundedByProvider"), ("order", order), ("total", total)]
        case .refundReversed(let order, let amount):
            [("fact", "refundReversed"), ("order", order), ("amount", amount)]
        case .disputed(let order): [("fact", "disputed"), ("order", order)]
        case .disputeWon(let order): [("fact", "disputeWon"), ("order", order)]
        }
    }

    private static func line(_ fact: LineFact) -> [(String, Any)] {
        switch fact {
        case .joined(let buyer, let place): [("fact", "joined"), ("buyer", buyer.text), ("place", place)]
        case .passGranted(let pass, let buyer, let place, let expiresAt):
            [
                ("fact", "passGranted"), ("pass", pass), ("buyer", buyer.text), ("place", place),
                ("expiresAt", expiresAt.milliseconds),
            ]
        case .passExpired(let pass): [("fact", "passExpired"), ("pass", pass)]
        case .passGivenUp(let pass): [("fact", "passGivenUp"), ("pass", pass)]
        case .paused: [("fact", "paused")]
        case .resumed: [("fact", "resumed")]
        case .rescheduled(let schedule):
            [("fact", "rescheduled"), ("opensAt", schedule.opensAt.milliseconds), ("cap", schedule.maxActiveShoppers)]
        // Not the seed: it must not be known before the opening, and is published then.
        case .drawCommitted(let seed):
            [("fact", "drawCommitted"), ("commitment", Hex.encode(Draw.commitment(to: seed)))]
        case .drawn(let lobbySize, let entrantsHash):
            [("fact", "drawn"), ("lobbySize", lobbySize), ("entrantsHash", Hex.encode(entrantsHash))]
        case .called(let place, let until): [("fact", "called"), ("place", place), ("until", until.milliseconds)]
        case .callLapsed(let place): [("fact", "callLapsed"), ("place", place)]
        case .soldOut: [("fact", "soldOut")]
        case .seatsReturned: [("fact", "seatsReturned")]
        case .passEnded(let pass, let end): [("fact", "passEnded"), ("pass", pass), ("why", "\(end)")]
        case .callWithdrawn(let place): [("fact", "callWithdrawn"), ("place", place)]
        case .moved(let place, let new): [("fact", "moved"), ("place", place), ("to", new)]
        }
    }

    private static func place(_ places: Places) -> (String, Any) {
        switch places {
        case .seats(let seats): ("seats", seats)
        case .area(let area, _): ("area", area)
        }
    }

    private static func json(_ value: Any) -> String {
        switch value {
        case let text as String:
            String(decoding: (try? JSONEncoder().encode(text)) ?? Data("\"\"".utf8), as: UTF8.self)
        case let flag as Bool: flag ? "true" : "false"
        case let id as any SerialNumber: "\(id.serial)"
        case let seats as [SeatIndex]: "[" + seats.map { "\($0.value)" }.joined(separator: ",") + "]"
        default: "\(value)"
        }
    }
}
