import Foundation
import Hummingbird
import OnsaleAccounts
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// Who may use an endpoint, and how its handler knows them.
struct Access<Caller: Sendable>: Sendable {
    /// The security schemes, any one of which opens it; an empty name means none is needed.
    let schemes: [String]
    /// The roles of the staff that suffice, the least of each kind.
    var roles: [StaffRole] = []
    /// Whether a token for an event other than the path's is refused.
    var isForOneEvent = false
    /// - Throws: why the caller is refused.
    let admit: @Sendable (Gate, Request, OnsaleContext, EventHandle?) async throws(Problem) -> Caller
    /// The buyer whose requests are counted.
    var buyer: @Sendable (Caller) -> BuyerID? = { _ in nil }
}

extension Access where Caller == Void {
    static var anyone: Access { Access(schemes: []) { _, _, _, _ throws(Problem) in } }
}

extension Access where Caller == StaffMember {
    /// Whoever may see everything.
    static var viewer: Access { staff(.viewer) }
    /// Whoever deals with buyers and their money.
    static var boxOffice: Access { staff(.boxOffice) }
    static var owner: Access { staff(.owner) }
    /// Whoever lets people in.
    static var door: Access { staff(.door) }
    /// Whoever may know how many are in.
    static var attendant: Access { staff(.door, .viewer) }
    /// Whoever has a token of the staff.
    static var anyStaff: Access { attendant }

    /// - Parameter roles: those that suffice, the least of each kind.
    private static func staff(_ roles: StaffRole...) -> Access {
        let schemes =
            roles.contains(.door) ? ["adminToken", "accountToken", "doorToken"] : ["adminToken", "accountToken"]
        return Access(schemes: schemes, roles: roles) { gate, request, context, _ throws(Problem) in
            try await gate.requireStaff(roles, request, context)
        }
    }
}

extension Access where Caller == Bool {
    /// Anyone; whether it is one of the staff who sees drafts.
    static var anyoneOrViewer: Access {
        Access(schemes: ["", "adminToken", "accountToken"]) { gate, request, context, _ throws(Problem) in
            // Who has guessed too often is anyone.
            ((try? await gate.staff(request, context)) ?? nil)?.role.includes(.viewer) ?? false
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

/// A caller who has to do with an order: its buyer, or one of the staff.
enum OrderHolder: Sendable {
    case buyer(BuyerID)
    case staff(StaffMember)

    var buyer: BuyerID? {
        if case .buyer(let buyer) = self { buyer } else { nil }
    }

    func mayTouch(_ order: Order) -> Bool { buyer == nil || buyer == order.buyer }
}

extension Access where Caller == OrderHolder {
    /// A session, a pass for the event, or one of the staff.
    /// - Parameter role: the least that suffices.
    static func holder(or role: StaffRole) -> Access {
        Access(
            schemes: ["session", "pass", "adminToken", "accountToken"], roles: [role], isForOneEvent: true,
            admit: { gate, request, context, event throws(Problem) in
                if let member = try await gate.staff(request, context) {
                    return .staff(try member.required([role]))
                }
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
            case nil:
                // The staff looks on, at a draft too.
                if ((try? await gate.staff(request, context)) ?? nil)?.role.includes(.viewer) == true { return nil }
                throw Problem(.unauthenticated, "This is not a valid ticket.")
            }
        }
    }
}

/// The security schemes of the contract.
enum SecurityScheme {
    static let document: JSONValue = [
        "adminToken": [
            "type": "http", "scheme": "bearer",
            "description": "The organizer's token, as configured: an owner without an account.",
        ],
        "accountToken": [
            "type": "http", "scheme": "bearer",
            "description": .text(
                "The token of an account, from `POST /v1/accounts`; the least role that suffices stands with each operation. "
                    + "A `viewer` sees everything; the `box-office` deals with buyers, seats kept back and pauses too; an "
                    + "`owner` does everything; a `door` lets people in."),
        ],
        "doorToken": [
            "type": "http", "scheme": "bearer",
            "description": "The door's token, where one is configured: a door without an account.",
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
