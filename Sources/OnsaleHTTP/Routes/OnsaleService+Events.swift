import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import Synchronization

/// What anyone may see of events, and how one becomes a buyer.
extension OnsaleService {
    func createSession(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        try limit(request, context)
        switch login.mode {
        case .open: break
        case .none:
            throw Problem(
                .forbidden, "Nobody has said who may be whom: set ONSALE_LOGIN to open (anyone is believed) or jwks.")
        case .provider:
            throw Problem(.forbidden, "Sessions come from the organizer's identity provider: send its token.")
        }
        let asked = try Body.decode(CreateSession.self, from: request, try await Body.collect(request))
        guard let mailbox = Mailbox(asked.email) else { throw Problem.invalid("/email", "must be an e-mail address") }
        let now = engine.now()
        let expiresAt = now.adding(seconds: OnsaleService.sessionSeconds)
        let buyer = login.buyer(mailbox)
        return json(.created) { writer in
            writer.member("token", tokens.session(buyer, now: now, expiresAt: expiresAt))
            writer.member("buyer", buyer.text)
            writer.member("expiresAt", expiresAt)
        }
    }

    func listEvents(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        json(.ok) { writer in
            writer.array("events") { writer in
                for event in engine.summaries() { writer.object { write(event, to: &$0) } }
            }
        }
    }

    func getEvent(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        json(.ok, eventBody(try await event(context).view))
    }

    func seatingPlan(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let definition = try await event(context).view.definition
        guard let digest = definition.planDigest else { throw Problem.notFound }
        let tag = "\"" + Hex.encode(digest) + "\""
        let headers: HTTPFields = [
            .eTag: tag, .cacheControl: "public, max-age=31536000, immutable", .vary: "Accept-Encoding",
        ]
        if let known = request.headers.plain(.ifNoneMatch), known == "*" || known.contains(tag) {
            return Response(status: .notModified, headers: headers)
        }
        guard request.acceptsGzip else {
            guard let plan = try await plans.plain(digest) else { throw Problem.notFound }
            return json(.ok, plan, headers: headers)
        }
        guard let plan = try await plans.gzipped(digest) else { throw Problem.notFound }
        return json(.ok, plan, headers: headers + [.contentEncoding: "gzip"])
    }

    func availability(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let view = try await event(context).view
        return json(.ok, AvailabilityFeed.json(view), headers: [.cacheControl: "no-cache"])
    }

    // MARK: The server itself

    func publishedKeys(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        json(.ok, ByteBuffer(string: barcodes.publishedKeys), headers: [.cacheControl: "public, max-age=3600"])
    }

    func ready(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        engine.provider.readiness
    }

    func openAPI(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        json(.ok, OpenAPIDocument.bytes)
    }

    /// What a problem's `type` points to.
    func problem(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        guard let slug = context.parameters.get("slug").flatMap(Problem.Slug.init) else { throw Problem.notFound }
        return json(.ok) { writer in
            writer.member("type", "/problems/" + slug.rawValue)
            writer.member("title", slug.title)
            writer.member("status", slug.status)
        }
    }
}
