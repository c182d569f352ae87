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
        guard OnsaleService.isAddress(asked.email) else { throw Problem.invalid("/email", "must be an e-mail address") }
        let now = engine.now()
        let expiresAt = now.adding(seconds: OnsaleService.sessionSeconds)
        let buyer = login.buyer(email: asked.email)
        return json(.created) { writer in
            writer.member("token", tokens.session(buyer, now: now, expiresAt: expiresAt))
            writer.member("buyer", buyer.text)
            writer.member("expiresAt", expiresAt)
        }
    }

    /// Something before and something after one @, of a length that an address may have (RFC 5321).
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 254 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
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
        let tag = "\"" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
        let headers: HTTPFields = [
            .eTag: tag, .cacheControl: "public, max-age=31536000, immutable", .vary: "Accept-Encoding",
        ]
        if let known = request.headers[.ifNoneMatch], known == "*" || known.contains(tag) {
            return Response(status: .notModified, headers: headers)
        }
        let document = try await documents.document(digest) { try await engine.document(digest: digest) }
        guard let document else { throw Problem.notFound }
        guard let gzipped = document.gzipped, request.acceptsGzip else {
            return json(.ok, document.bytes, headers: headers)
        }
        return json(.ok, gzipped, headers: headers + [.contentEncoding: "gzip"])
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
        json(.ok) { $0.member("status", "ready") }
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

/// The few documents that everyone asks for, kept in memory.
final class DocumentCache: Sendable {
    private static let documentsMax = 8

    struct Document: Sendable {
        let bytes: ByteBuffer
        let gzipped: ByteBuffer?
    }

    private let documents = Mutex<[[UInt8]: Document]>([:])

    func document(_ digest: [UInt8], load: () async throws -> [UInt8]?) async throws -> Document? {
        if let known = documents.withLock({ $0[digest] }) { return known }
        guard let bytes = try await load() else { return nil }
        let buffer = ByteBuffer(bytes: bytes)
        let document = Document(bytes: buffer, gzipped: Gzip.compress(buffer, level: 6))
        documents.withLock { documents in
            if documents.count >= DocumentCache.documentsMax { documents.removeAll() }
            documents[digest] = document
        }
        return document
    }
}
