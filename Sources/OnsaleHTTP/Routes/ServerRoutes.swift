import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine

/// What the server says about itself.
struct ServerRoutes: RouteGroup {
    let engine: Engine
    let readiness: Readiness
    let version: String

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "getReadiness", .get, "/health/ready", for: .server, at: .any,
                "Says whether the server can sell, and what the payment provider does.", by: .anyone, takes: .nothing,
                gives: [
                    .init(200, "It is ready.", .readiness),
                    .init(503, "Nothing can be sold or paid before somebody mends it.", .readiness),
                ]
            ) { _ in await ready() },
            Endpoint(
                "getProblemType", .get, "/problems/:slug", for: .server, at: .any, "Says what a problem's type means.",
                by: .anyone, takes: .nothing,
                gives: [.init(200, "The type, its title and its status.", .problemDescription)],
                refuses: [.notFound: ""], getProblemType),
            Endpoint(
                "getAsyncAPI", .get, "/asyncapi.json", for: .server, at: .any,
                "Says what is published on the bus for services.", by: .anyone, takes: .nothing,
                gives: [.init(200, "AsyncAPI 3.0.", .anyObject)]
            ) { [bytes = AsyncAPIDocument(version: version).bytes] _ in .json(.ok, bytes) },
        ]
    }

    /// Which part it is, operators learn on the management port.
    private func ready() async -> Response {
        let isReady = await readiness.parts().allSatisfy(\.isWell)
        return .json(isReady ? .ok : .serviceUnavailable) { writer in
            writer.member("status", isReady ? "ready" : "unready")
            writer.member("payments", engine.provider.name)
        }
    }

    private func getProblemType(_ call: Call<Void, Void>) throws -> Response {
        guard let slug = call.parameter("slug").flatMap(Problem.Slug.init) else { throw Problem.notFound }
        return .json(.ok) { writer in
            writer.member("type", "/problems/" + slug.rawValue)
            writer.member("title", slug.title)
            writer.member("status", slug.status)
        }
    }
}

/// The contract's own document, which describes this endpoint too.
struct OpenAPIRoutes: RouteGroup {
    let others: [Operation]
    let version: String

    var endpoints: [Endpoint] {
        // The operation first, then the document that includes it, then the handler that serves the document.
        let document = OpenAPIDocument(others + [endpoint(ByteBuffer()).operation], version: version)
        return [endpoint(document.bytes)]
    }

    private func endpoint(_ bytes: ByteBuffer) -> Endpoint {
        Endpoint(
            "getOpenAPI", .get, "/openapi.json", for: .server, at: .any, "Gives this document.", by: .anyone,
            takes: .nothing,
            gives: [.init(200, "OpenAPI 3.1.", .anyObject)]
        ) { _ in .json(.ok, bytes) }
    }
}
