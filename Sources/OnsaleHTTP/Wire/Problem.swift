import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// A refusal in the form of RFC 9457: what is wrong, in words for a person and as a type for a program.
struct Problem: Error {
    enum Slug: String, CaseIterable {
        case malformedRequest = "malformed-request"
        case idempotencyKeyRequired = "idempotency-key-required"
        case unauthenticated
        case invalidCode = "invalid-code"
        case forbidden
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case notAdmitted = "not-admitted"
        case seatsUnavailable = "seats-unavailable"
        case orphanSeat = "orphan-seat"
        case purchaseLimit = "purchase-limit"
        case idempotencyConflict = "idempotency-conflict"
        case alreadyCheckedIn = "already-checked-in"
        case ticketVoid = "ticket-void"
        case notCancellable = "not-cancellable"
        case onsaleClosed = "onsale-closed"
        case soldOut = "sold-out"
        case holdOrdered = "hold-ordered"
        case eventExists = "event-exists"
        case placeSpent = "place-spent"
        case holdExpired = "hold-expired"
        case tooLarge = "too-large"
        case unsupportedMediaType = "unsupported-media-type"
        case invalidRequest = "invalid-request"
        case rateLimited = "rate-limited"
        case challengeRequired = "challenge-required"
        case overloaded
        case unavailable

        var status: Int {
            switch self {
            case .malformedRequest, .idempotencyKeyRequired: 400
            case .unauthenticated, .invalidCode: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .notAdmitted, .seatsUnavailable, .orphanSeat, .purchaseLimit, .idempotencyConflict, .alreadyCheckedIn,
                .ticketVoid, .notCancellable, .onsaleClosed, .soldOut, .holdOrdered, .eventExists:
                409
            case .placeSpent, .holdExpired: 410
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .invalidRequest: 422
            case .rateLimited: 429
            case .challengeRequired: 428
            case .overloaded, .unavailable: 503
            }
        }

        var title: String {
            switch self {
            case .malformedRequest: "Malformed request"
            case .idempotencyKeyRequired: "Idempotency-Key required"
            case .unauthenticated: "Authentication required"
            case .invalidCode: "Wrong code"
            case .forbidden: "Not permitted"
            case .notFound: "Not found"
            case .methodNotAllowed: "Method not allowed"
            case .notAdmitted: "Not admitted"
            case .seatsUnavailable: "Seats unavailable"
            case .orphanSeat: "A single seat would be left"
            case .purchaseLimit: "Ticket limit reached"
            case .idempotencyConflict: "Idempotency-Key already used"
            case .alreadyCheckedIn: "Already checked in"
            case .ticketVoid: "Ticket void"
            case .notCancellable: "Order can't be cancelled"
            case .onsaleClosed: "Sale not open"
            case .soldOut: "Sold out"
            case .holdOrdered: "Hold already ordered"
            case .eventExists: "Event already exists"
            case .placeSpent: "Place already used"
            case .holdExpired: "Hold expired"
            case .tooLarge: "Request too large"
            case .unsupportedMediaType: "Unsupported media type"
            case .invalidRequest: "Invalid request"
            case .rateLimited: "Too many requests"
            case .challengeRequired: "Proof of work required"
            case .overloaded: "Overloaded"
            case .unavailable: "Unavailable"
            }
        }
    }

    /// Where a body is wrong (RFC 6901), and how.
    struct Fault: Hashable {
        let pointer: String
        let detail: String
    }

    let slug: Slug
    let detail: String
    var faults: [Fault] = []
    var retryAfterSeconds: Int?
    var allow: String?
    /// The node that says that it doesn't own the event; for nodes alone.
    var notOwner: String?
    /// The limit that was reached, with its policy.
    var rateLimit: RateLimiter.Refusal?
    var members: (@Sendable (inout JSONWriter) -> Void)?

    init(_ slug: Slug, _ detail: String, members: (@Sendable (inout JSONWriter) -> Void)? = nil) {
        self.slug = slug
        self.detail = detail
        self.members = members
    }

    static func invalid(_ faults: [Fault]) -> Problem {
        var problem = Problem(.invalidRequest, faults.map { "\($0.pointer): \($0.detail)" }.joined(separator: "; "))
        problem.faults = faults
        return problem
    }

    static func invalid(_ pointer: String, _ detail: String) -> Problem {
        invalid([Fault(pointer: pointer, detail: detail)])
    }

    static func busy(_ slug: Slug, _ detail: String, retryAfterSeconds: Int) -> Problem {
        var problem = Problem(slug, detail)
        problem.retryAfterSeconds = retryAfterSeconds
        return problem
    }

    /// Not there, or not yours. The two look the same, so that nobody can probe for ids.
    static let notFound = Problem(.notFound, "Nothing was found here, or your token may not see it.")

    var response: Response {
        // A cache may keep a 404 otherwise (RFC 9110, 15.5.5), and a draft's would outlive its publication there.
        var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        if let retryAfterSeconds { headers[.retryAfter] = String(retryAfterSeconds) }
        if let allow { headers[.allow] = allow }
        if let notOwner { headers[.onsaleNotOwner] = notOwner }
        if let rateLimit {
            headers[.rateLimit] = rateLimit.field
            headers[.rateLimitPolicy] = rateLimit.policyField
        }
        if slug == .unauthenticated { headers[.wwwAuthenticate] = "Bearer" }
        return Response(
            status: .init(code: slug.status, reasonPhrase: ""), headers: headers, body: .init(byteBuffer: body))
    }

    var body: ByteBuffer {
        JSONWriter.object { writer in
            writer.member("type", "/problems/" + slug.rawValue)
            writer.member("title", slug.title)
            writer.member("status", slug.status)
            writer.member("detail", detail)
            if !faults.isEmpty {
                writer.array("errors") { writer in
                    for fault in faults {
                        writer.object { writer in
                            writer.member("pointer", fault.pointer)
                            writer.member("detail", fault.detail)
                        }
                    }
                }
            }
            members?(&writer)
        }
    }
}

extension Problem {
    /// An engine that could not answer.
    init(_ error: EngineError) {
        switch error {
        case .noSuchEvent: self = .notFound
        case .eventExists: self.init(.eventExists, "Choose another id, or leave it out.")
        case .overloaded(let seconds):
            self = .busy(
                .overloaded,
                "Too many requests are waiting for this event. Nothing was done; try again.",
                retryAfterSeconds: seconds)
        case .storageFull:
            self = .busy(
                .overloaded, "The server's disk is full. Nothing was done; try again.",
                retryAfterSeconds: 5)
        case .shuttingDown:
            self = .busy(
                .overloaded, "The server is restarting. Try again with the same Idempotency-Key.",
                retryAfterSeconds: 2)
        case .outOfService:
            self = .busy(
                .overloaded, "This event is out of service until the organizer attends to it.", retryAfterSeconds: 60)
        case .unavailable:
            self = .busy(
                .overloaded, "This event does not answer just now. Try again with the same Idempotency-Key.",
                retryAfterSeconds: 2)
        case .moved: self = .nobodyAnswers()
        }
    }

    /// A sale that refused.
    init(_ refusal: Refusal, in definition: EventDefinition) {
        let names = { (seats: [SeatIndex]) in seats.map { definition.plan[$0].name } }
        switch refusal {
        case .seatsUnavailable(let seats):
            let unavailable = names(seats)
            self.init(
                .seatsUnavailable,
                unavailable.isEmpty
                    ? "Not enough places of this kind are free."
                    : "No longer free: \(unavailable.joined(separator: ", ")).",
                members: { $0.member("unavailable", strings: unavailable) })
        case .orphanSeat(let seats):
            let orphans = names(seats)
            self.init(
                .orphanSeat,
                "This would leave a single seat empty: \(orphans.joined(separator: ", ")). Choose other seats.",
                members: { $0.member("orphans", strings: orphans) })
        case .purchaseLimit(let limit, let current):
            self.init(
                .purchaseLimit, "One buyer may have \(limit) tickets for this event, and you have or hold \(current).",
                members: { writer in
                    writer.member("limit", limit)
                    writer.member("current", current)
                })
        case .idempotencyConflict:
            self.init(.idempotencyConflict, "This Idempotency-Key came with a different request before. Use a new key.")
        case .alreadyCheckedIn(let at, let name):
            self.init(
                .alreadyCheckedIn, "This ticket was checked in at \(RFC3339.format(at)).",
                members: { writer in
                    writer.member("checkedInAt", at)
                    if let name { writer.member("checkedInBy", name) }
                })
        case .ticketVoid: self.init(.ticketVoid, "This ticket's order was cancelled.")
        case .notCancellable:
            self.init(.notCancellable, "Only a confirmed order with no ticket checked in can be cancelled.")
        case .onsaleClosed: self.init(.onsaleClosed, "The sale is not open: it has not begun, is paused, or is over.")
        case .soldOut: self.init(.soldOut, "Every place is sold.")
        case .notAdmitted:
            self.init(.notAdmitted, "This pass has ended. Join again to get a new one.")
        case .holdExpired: self.init(.holdExpired, "This hold has ended and its places are free again. Choose again.")
        case .holdOrdered(let order):
            self.init(
                .holdOrdered, "Order number \(order.serial) of this event already pays for this hold.")
        case .notFound: self = .notFound
        case .takingsTooLarge: self = .invalid("/prices", CreateEvent.takingsFault)
        case .termsChangedTooOften:
            self = .invalid("", "prices and limits were changed too often between holds; they stay as they are")
        case .overloaded:
            self = .busy(
                .overloaded, "This event can't remember any more Idempotency-Keys today.",
                retryAfterSeconds: 60)
        case .tooManyKeys:
            self = .busy(
                .rateLimited, "You have used all the Idempotency-Keys one buyer may use in a day.",
                retryAfterSeconds: 3600)
        }
    }

    /// A line that refused.
    init(_ refusal: LineRefusal) {
        switch refusal {
        case .closed: self.init(.onsaleClosed, "The sale is not open now.")
        case .soldOut: self.init(.soldOut, "Every place is sold. If any come back, the line moves on.")
        case .notAdmitted(let position, let etaSeconds):
            self.init(.notAdmitted, "It is not your turn yet. Your place is kept; ask again when it is.") { writer in
                writer.member("position", position)
                writer.member("etaSeconds", etaSeconds)
            }
        case .placeSpent, .passEnded:
            self.init(.placeSpent, "The pass for this place has ended. Join again to get a new place.")
        case .full: self = .busy(.overloaded, "The line is full. Try again in a minute.", retryAfterSeconds: 60)
        case .hasOpened: self.init(.onsaleClosed, "The sale has opened, so opensAt can't be moved.")
        case .outOfOrder:
            self = .invalid("", "lobbyOpensAt must not be after opensAt, and closesAt must be after it")
        }
    }
}
