import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OnsaleEngine
import OnsaleValues

/// How a visitor becomes a buyer, and what is held about one.
struct SessionRoutes: RouteGroup {
    let events: EventClient
    let tokens: Tokens
    let mine: BuyersOrders
    /// nil where addresses are not kept.
    let contacts: (any ContactBook)?
    let logger: Logger

    static let sessionSeconds = 7 * 86_400
    /// Of all orders, at a time.
    private static let ordersMax = 100

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "createSession", .post, "/v1/sessions", for: .buyer, at: .any, "Makes a session for an e-mail address.",
                "The same address is the same buyer, however it is capitalized. Where `ONSALE_LOGIN` is `mail`, the address "
                    + "alone has a code of six digits mailed to it, which lives ten minutes; the address with the code, or "
                    + "with what the mail's link carries in its place, makes the session.", by: .anyone,
                isLimited: true,
                takes: .json(CreateSession.self),
                gives: [.init(201, "A session.", .session), .init(202, "A code is on its way.", .codeMailed)],
                refuses: [
                    .forbidden: "sessions are not made here; `ONSALE_LOGIN` says who makes them",
                    .invalidCode: "the code is wrong, was used, or is older than ten minutes",
                    .unavailable: "the code could not be mailed or checked; ask again",
                ], createSession),
            Endpoint(
                "getMe", .get, "/v1/me", for: .buyer, at: .several, "Gives everything held about you.",
                "Orders come a page at a time, newest first; `GET /v1/orders` has the rest.", by: .session,
                isLimited: true, takes: .nothing, gives: [.init(200, "All of it.", .me)],
                refuses: [.overloaded: ""], getMe),
            Endpoint(
                "deleteMe", .delete, "/v1/me", for: .buyer, at: .any, "Forgets your address for good.",
                "Orders stay, without it: tickets that were bought are still good, and no mail comes any more.",
                by: .session, isLimited: true, takes: .nothing, gives: [.init(202, "It is gone.")],
                refuses: [.unavailable: "it could not be done; ask again"], deleteMe),
        ]
    }

    // MARK: Signing in

    private func createSession(_ call: Call<Void, CreateSession>) async throws -> Response {
        let mailbox = try mailbox(call.content.email, call.request)
        switch tokens.login.mode {
        case .open: break
        case .none:
            throw Problem(
                .forbidden,
                "Sign-in is not set up: set ONSALE_LOGIN to mail or jwks, or to open for a demonstration.")
        case .provider:
            throw Problem(.forbidden, "Sign in with the organizer's identity provider and send its token.")
        case .mail(let codes):
            guard let code = call.content.code else { return try await ask(codes, mailbox) }
            try await check(code, codes, mailbox)
        }
        // Whoever can't be written to buys all the same: a full disk must not keep anybody from a sale that goes on.
        do { try await contacts?.keep(mailbox) } catch {
            logger.warning("An address couldn't be kept; its buyer gets no mail", metadata: ["error": "\(error)"])
        }
        let now = events.now()
        let expiresAt = now.adding(seconds: SessionRoutes.sessionSeconds)
        return .json(.created) { writer in
            writer.member("token", tokens.session(mailbox.buyer, now: now, expiresAt: expiresAt))
            writer.member("buyer", mailbox.buyer.text)
            writer.member("expiresAt", expiresAt)
        }
    }

    private func mailbox(_ typed: String, _ request: Request) throws -> Mailbox {
        guard let folded = MailAddress(typed) else { throw Problem.invalid("/email", "must be an e-mail address") }
        let languages = request.headers.plain(.acceptLanguage)?.lowercased() ?? ""
        return Mailbox(
            address: typed.trimmingCharacters(in: .whitespaces), folded: folded.text,
            buyer: tokens.login.buyer(folded), language: languages.hasPrefix("ko") ? "ko" : "en")
    }

    private func ask(_ codes: any MailedCodes, _ mailbox: Mailbox) async throws -> Response {
        switch try await kept({ try await codes.ask(for: mailbox) }) {
        case .mailed(let expiresAt): return .json(.accepted) { $0.member("expiresAt", expiresAt) }
        case .unreachable: throw Problem.invalid("/email", "must be an address that mail can go to")
        case .tooMany(let seconds):
            var problem = Problem(
                .rateLimited, "Several codes have been mailed to this address. Use the newest of them, or its link.")
            problem.retryAfterSeconds = seconds
            throw problem
        }
    }

    private func check(_ code: String, _ codes: any MailedCodes, _ mailbox: Mailbox) async throws {
        let given = code.filter { !$0.isWhitespace }
        guard (try? /[0-9]{6}|[a-p]{32}/.wholeMatch(in: given)) != nil else {
            throw Problem.invalid("/code", "must have six digits")
        }
        switch try await kept({ try await codes.attempt(given, for: mailbox) }) {
        case .right: return
        case .wrong: throw Problem(.invalidCode, "This is not the code, or it is older than ten minutes.")
        case .tooMany(let seconds):
            var problem = Problem(
                .rateLimited, "This code was tried too often. Use the link in its mail, or ask for a new one.")
            problem.retryAfterSeconds = seconds
            throw problem
        }
    }

    // MARK: What is held

    private func getMe(_ call: Call<BuyerID, Void>) async throws -> Response {
        let held = try await kept { try await contacts?.held(of: call.caller) }
        return try await mine.page(
            of: call.caller, before: nil, limit: SessionRoutes.ordersMax, call.request, call.context
        ) { writer in
            writer.member("buyer", call.caller.text)
            if let contact = held?.contact {
                writer.object("contact") { writer in
                    writer.member("email", contact.address)
                    writer.member("language", contact.language)
                    writer.member("since", contact.since)
                }
            } else {
                writer.null("contact")
            }
            writer.array("mails") { writer in
                for mail in held?.mails ?? [] {
                    writer.object { writer in
                        writer.member("kind", mail.kind)
                        if let order = mail.order { writer.member("order", order) }
                        writer.member("state", mail.state)
                        writer.member("queuedAt", mail.queuedAt)
                    }
                }
            }
        }
    }

    private func deleteMe(_ call: Call<BuyerID, Void>) async throws -> Response {
        try await kept { try await contacts?.forget(call.caller) }
        return Response(status: .accepted)
    }
}
