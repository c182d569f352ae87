public import Hummingbird
public import Logging
import NIOCore
public import OnsaleEngine
import OnsaleValues

/// The management port: for those who run the server, never for the public.
public struct ManagementServer: Sendable {
    private let engine: Engine
    private let version: String
    private let startedAt: Timestamp
    /// Who takes the money: the sandbox, or the provider's host.
    private let payments: String
    private let logger: Logger

    public init(engine: Engine, version: String, payments: String, logger: Logger) {
        self.payments = payments
        self.engine = engine
        self.version = version
        self.logger = logger
        startedAt = engine.now()
    }

    /// The application. `onRunning` is told the port that it listens on.
    public func application(
        host: String, port: Int, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        let router = Router()
        router.middlewares.add(ManagementManners())
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
            // Rules 1 and 2, checked at every batch.
            writer.member("rulesHold", views.allSatisfy(\.totalsHold))
        }
    }

    private func answer(_ body: (inout JSONWriter) -> Void) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: JSONWriter.object(body)))
    }
}

/// Answers as on the public port: every one with its `x-request-id`, every error with a problem.
///
/// The management port has no token, so a page from elsewhere must not reach it through somebody's browser by giving
/// loopback a name of its own (DNS rebinding).
private struct ManagementManners<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let name = request.head.authority ?? ""
        var response: Response
        if name.utf8.count <= 64, ManagementManners.isLoopback(name) {
            do { response = try await next(request, context) } catch { response = Problem.notFound.response }
            if response.status.code >= 400, response.headers[.contentType] == nil {
                response = Problem.notFound.response
            }
        } else {
            response = Problem(.forbidden, "This port answers to localhost alone.").response
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
    /// In a word.
    var name: String {
        switch self {
        case .unknown: "unknown"
        case .well: "well"
        case .away: "away"
        case .unauthorized: "unauthorized"
        }
    }

    /// Whether orders can be paid at all. A provider that is away for a while is waited for, so that is told and no more;
    /// a key that it does not take is for somebody to mend.
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
