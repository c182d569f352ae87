package import Hummingbird
package import Logging
import NIOCore
package import OnsaleEngine
import OnsaleValues

/// The management port: for operators, never for the public.
package struct ManagementServer: Sendable {
    private let engine: Engine
    private let version: String
    private let startedAt: Timestamp
    /// Who takes the money: the sandbox or the provider's host.
    private let payments: String
    private let logger: Logger

    package init(engine: Engine, version: String, payments: String, logger: Logger) {
        self.payments = payments
        self.engine = engine
        self.version = version
        self.logger = logger
        startedAt = engine.now()
    }

    /// The application. `onRunning` receives the port it listens on.
    package func application(
        host: String, port: Int, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        let router = Router()
        router.middlewares.add(ManagementMiddleware())
        router.get("/health/live") { _, _ in answer { $0.member("status", "live") } }
        router.get("/health/ready") { _, _ in engine.provider.readiness }
        router.get("/info") { _, _ in info() }
        return Application(
            router: router, server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
            logger: logger)
    }

    private func info() -> Response {
        let views = engine.loadedViews()
        return answer { writer in
            writer.member("name", "onsale")
            writer.member("version", version)
            #if DEBUG
                writer.member("build", "debug")
            #else
                writer.member("build", "release")
            #endif
            writer.member("startedAt", startedAt)
            writer.member("uptimeSeconds", (engine.now().milliseconds - startedAt.milliseconds) / 1000)
            writer.member("eventsLoaded", views.count)
            writer.member("payments", payments)
            writer.member("paymentProvider", engine.provider.name)
            // Rules 1 and 2, checked with every batch.
            writer.member("rulesHold", views.allSatisfy(\.totalsHold))
        }
    }

    private func answer(_ body: (inout JSONWriter) -> Void) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: JSONWriter.object(body)))
    }
}

/// Answers as the public port does: each with its `x-request-id`, every error as a problem.
///
/// The management port has no token. A page from elsewhere must not reach it through an operator's browser by pointing
/// a name of its own at loopback (DNS rebinding), so only loopback names are served.
private struct ManagementMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let name = request.head.authority ?? ""
        var response: Response
        if name.utf8.count <= 64, ManagementMiddleware.isLoopback(name) {
            do { response = try await next(request, context) } catch { response = Problem.notFound.response }
            if response.status.code >= 400, response.headers[.contentType] == nil {
                response = Problem.notFound.response
            }
        } else {
            response = Problem(.forbidden, "This port only answers to localhost.").response
        }
        response.headers[.xRequestID] = context.id
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static func isLoopback(_ authority: String) -> Bool {
        let host = authority.split(separator: ":", omittingEmptySubsequences: false)
        if host.count <= 2, host.first?.lowercased() == "localhost" { return true }
        return IPAddress(authority)?.isLoopback ?? false
    }
}

extension ProviderHealth {
    /// As `/health/ready` and `/info` name it.
    var name: String {
        switch self {
        case .unknown: "unknown"
        case .well: "well"
        case .away: "away"
        case .unauthorized: "unauthorized"
        }
    }

    /// Whether orders can be paid at all. The saga waits for a provider that is away, so that is reported and no more;
    /// a rejected key needs an operator.
    var readiness: Response {
        let isReady = if case .unauthorized = self { false } else { true }
        let body = JSONWriter.object { writer in
            writer.member("status", isReady ? "ready" : "unready")
            writer.member("payments", name)
        }
        return Response(
            status: isReady ? .ok : .serviceUnavailable,
            headers: [.contentType: "application/json"], body: .init(byteBuffer: body))
    }
}
