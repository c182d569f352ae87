import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsaleSale
import OnsaleValues

/// The web pages for the fan, the organizer and the door. They use the contract like any other client.
struct PageRoutes: Sendable {
    let library: PageLibrary

    /// A page; pages are not part of the contract.
    struct Page: Sendable {
        let path: String
        let respond: @Sendable (Request, OnsaleContext) async throws -> Response
    }

    var pages: [Page] {
        // Posters are wherever the organizer has put them.
        let fan = page("index.html", shows: " https:")
        let organizer = page("organizer.html")
        return [
            Page(path: "/", respond: fan),
            Page(path: "/events/:event", respond: page("event.html", shows: " https:")),
            Page(path: "/orders", respond: fan),
            Page(path: "/sign-in", respond: fan),
            Page(path: "/orders/:event/:order", respond: fan),
            Page(path: "/events/:event/orders/:order", respond: fan),
            Page(path: "/organizer", respond: organizer),
            Page(path: "/organizer/**", respond: organizer),
            Page(path: "/door", respond: page("door.html", allows: "camera=(self), screen-wake-lock=(self)")),
            Page(path: "/door-worker.js", respond: worker("door/worker.js")),
            Page(path: "/ticket-worker.js", respond: worker("fan/worker.js")),
            Page(path: "/assets/:content/**", respond: asset),
        ]
    }

    /// Scripts and styles come from here and are never inline; no text becomes markup (Trusted Types); no frames,
    /// plug-ins, or forms that post elsewhere. The one policy `onsale` may make a script URL, for the service workers.
    /// - Parameter images: more sources of them, each after a space.
    private static func contentSecurityPolicy(images: String) -> String {
        """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:\(images); \
        media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types onsale
        """
    }

    private func page(
        _ name: String, shows images: String = "", allows: String = "camera=()"
    ) -> @Sendable (Request, OnsaleContext) async throws -> Response {
        { request, _ in
            guard let file = library.files()?.files["pages/site/" + name] else { throw Problem.notFound }
            return serve(file, to: request, headers: headers(shows: images, allows: allows))
        }
    }

    private func headers(shows images: String, allows: String) -> HTTPFields {
        [
            .cacheControl: "no-cache", .contentSecurityPolicy: PageRoutes.contentSecurityPolicy(images: images),
            .permissionsPolicy: allows + ", microphone=(), geolocation=()",
            .crossOriginOpenerPolicy: "same-origin",
        ]
    }

    /// What a person gets at an address that nothing has: a page that leads on. Programs get the problem, and so does
    /// whoever is wrong about the contract.
    func missing(_ request: Request) async throws -> Response? {
        let isPage = request.headers.plain(.accept)?.contains("text/html") ?? false
        let path = request.uri.path
        guard request.method == .get || request.method == .head, isPage, !path.hasPrefix("/v1/"),
            !path.hasPrefix("/assets/"), let file = library.files()?.files["pages/site/index.html"]
        else { return nil }
        // Nothing is here, so there is nothing that a browser might still have.
        var head = request.head
        head.headerFields[.ifNoneMatch] = nil
        var response = serve(
            file, to: Request(head: head, body: request.body), headers: headers(shows: " https:", allows: "camera=()"))
        response.headers[.eTag] = nil
        response.headers[.cacheControl] = "no-store"
        response.status = .notFound
        return response
    }

    /// A service worker, at the root, since it may only serve pages below its own address.
    private func worker(_ name: String) -> @Sendable (Request, OnsaleContext) async throws -> Response {
        { request, _ in
            guard let file = library.files()?.files["pages/site/" + name] else { throw Problem.notFound }
            return serve(
                file, to: request,
                headers: [
                    .cacheControl: "no-cache",
                    .contentSecurityPolicy: "default-src 'none'; connect-src 'self'; script-src 'self'",
                ])
        }
    }

    private func asset(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let path = context.parameters.getCatchAll().joined(separator: "/")
        guard let files = library.files(), let file = files.files[path] else { throw Problem.notFound }
        // A page loaded before an upgrade gets the current file, and must not cache it.
        let isCurrent = context.parameters.get("content").map { "/assets/" + $0 } == files.prefix
        return serve(
            file, to: request,
            headers: [.cacheControl: isCurrent ? "public, max-age=31536000, immutable" : "no-store"])
    }

    private func serve(_ file: PageFiles.File, to request: Request, headers: HTTPFields) -> Response {
        var headers = headers
        headers[.contentType] = file.contentType
        headers[.eTag] = file.tag
        headers[.vary] = "Accept-Encoding"
        headers[.xContentTypeOptions] = "nosniff"
        headers[.referrerPolicy] = "same-origin"
        if request.headers.plain(.ifNoneMatch)?.contains(file.tag) ?? false {
            return Response(status: .notModified, headers: headers)
        }
        guard let gzipped = file.gzipped, request.acceptsGzip else {
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: file.bytes))
        }
        headers[.contentEncoding] = "gzip"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: gzipped))
    }
}

extension Request {
    /// Whether a gzipped body may be sent (RFC 9110, 12.5.3). A zero weight, which hardly anyone sends, refuses it.
    var acceptsGzip: Bool {
        headers.plain(.acceptEncoding)?.split(separator: ",").contains { coding in
            let parts = coding.split(separator: ";").map { $0.filter { $0 != " " } }
            return parts.first == "gzip" && !parts.dropFirst().contains { $0 == "q=0" || $0 == "q=0.0" }
        } ?? false
    }
}
