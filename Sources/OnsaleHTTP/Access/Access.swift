import Foundation
import Hummingbird
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// Who may use an endpoint, and how its handler knows them.
struct Access<Caller: Sendable>: Sendable {
    /// The security schemes, any one of which opens it; an empty name means none is needed.
    let schemes: [String]
    /// Whether a token for an event other than the path's is refused.
    var isForOneEvent = false
    /// - Throws: why the caller is refused.
    let admit: @Sendable (Gate, Request, OnsaleContext, EventHandle?) async throws(Problem) -> Caller
    /// The buyer whose requests are counted.
    var buyer: @Sendable (Caller) -> BuyerID? = { _ in nil }
}

extension Access where Caller == Void {
    static var anyone: Access { Access(schemes: []) { _, _, _, _ throws(Problem) in } }

    /// The door's token or the organizer's.
    static var door: Access {
        Access(schemes: ["doorToken", "adminToken"]) { gate, request, context, _ throws(Problem) in
            if !gate.isDoor(Gate.bearer(request)) { try await gate.requireAdmin(request, context) }
        }
    }
}

/// The holder of the organizer's token.
struct Organizer: Sendable {
    /// What they call themselves; not verified.
    let name: String

    private static let nameCharactersMax = 80

    /// Reads `Onsale-Actor`, percent-encoded UTF-8.
    init(_ request: Request) {
        let given = request.headers[.onsaleActor]?.removingPercentEncoding ?? ""
        let shown = given.filter {
            !$0.isNewline && $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        }
        let name = String(shown.prefix(Organizer.nameCharactersMax))
        self.name = name.isEmpty ? "organizer" : name
    }
}

extension Access where Caller == Organizer {
    static var organizer: Access {
        Access(schemes: ["adminToken"]) { gate, request, context, _ throws(Problem) in
            try await gate.requireAdmin(request, context)
            return Organizer(request)
        }
    }
}

extension Access where Caller == Bool {
    /// Anyone; whether it is an organizer.
    static var anyoneOrOrganizer: Access {
        Access(schemes: ["", "adminToken"]) { gate, request, context, _ throws(Problem) in
            // Who has guessed too often is anyone.
            (try? gate.isAdmin(request, context)) ?? false
        }
    }
}

extension Access where Caller == BuyerID {
    static var session: Access {
        Access(
            schemes: ["session"],
            admit: { gate, request, _, _ throws(Problem) in
                switch try await gate.principal(request) {
                case .session(let buyer): return buyer
                case .pass, .ticket: throw Problem(.forbidden, "This needs a session, not a pass or a ticket.")
                }
            }, buyer: { $0 })
    }
}

/// A buyer admitted to an event.
struct Shopper: Sendable {
    let buyer: BuyerID
    let pass: PassID
}

extension Access where Caller == Shopper {
    /// A pass for the event.
    static var pass: Access {
        Access(
            schemes: ["pass"], isForOneEvent: true,
            admit: { gate, request, _, event throws(Problem) in
                switch try await gate.principal(request) {
                case .pass(event?.id, let buyer, let pass): return Shopper(buyer: buyer, pass: pass)
                case .pass: throw Problem(.forbidden, "This pass is for another event.")
                case .session, .ticket:
                    throw Problem(.forbidden, "This needs a pass: join the waiting room to get one.")
                }
            }, buyer: { $0.buyer })
    }
}

/// A caller who may see and cancel an order: its buyer, or the organizer.
enum OrderHolder: Sendable {
    case buyer(BuyerID)
    case organizer(Organizer)

    var buyer: BuyerID? {
        if case .buyer(let buyer) = self { buyer } else { nil }
    }

    func mayTouch(_ order: Order) -> Bool { buyer == nil || buyer == order.buyer }
}

extension Access where Caller == OrderHolder {
    /// A session, a pass for the event, or the organizer's token.
    static var orderHolder: Access {
        Access(
            schemes: ["session", "pass", "adminToken"], isForOneEvent: true,
            admit: { gate, request, context, event throws(Problem) in
                if try gate.isAdmin(request, context) { return .organizer(Organizer(request)) }
                switch try await gate.principal(request) {
                case .session(let buyer), .pass(event?.id, let buyer, _): return .buyer(buyer)
                case .pass: throw Problem(.forbidden, "This pass is for another event.")
                case .ticket: throw Problem(.forbidden, "This needs a session or a pass.")
                }
            }, buyer: \.buyer)
    }
}

extension Access where Caller == PlaceID? {
    /// Anyone; a caller with a ticket is recognized by it.
    static var listener: Access {
        Access(schemes: ["", "ticket"], isForOneEvent: true) { gate, request, context, event throws(Problem) in
            guard let token = Gate.bearer(request) ?? request.uri.queryParameters["ticket"].map(String.init) else {
                // A token that can't even be read is an invalid one.
                if request.headers.contains(.authorization) { throw Gate.noToken }
                return nil
            }
            switch await gate.tokens.principal(token, now: gate.now()) {
            case .ticket(event?.id, _, let place): return place
            case .ticket: throw Problem(.forbidden, "This ticket is for another event.")
            case .session, .pass: return nil
            // An organizer looks on, at a draft too.
            case nil where (try? gate.isAdmin(request, context)) == true: return nil
            case nil: throw Problem(.unauthenticated, "This is not a valid ticket.")
            }
        }
    }
}

/// The security schemes of the contract.
enum SecurityScheme {
    static let document: JSONValue = [
        "adminToken": [
            "type": "http", "scheme": "bearer", "description": "The organizer's token, as configured.",
        ],
        "doorToken": [
            "type": "http", "scheme": "bearer",
            "description": "The door's token, where one is configured: for check-ins and void tickets alone.",
        ],
        "session": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "Who you are: from `POST /v1/sessions`, or the organizer's identity provider.",
        ],
        "pass": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "You are admitted to one event: from its waiting room. It names the buyer too.",
        ],
        "ticket": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description":
                "Your place in one event's line: from joining its waiting room. It marks you present on the waiting room's stream.",
        ],
    ]
}
