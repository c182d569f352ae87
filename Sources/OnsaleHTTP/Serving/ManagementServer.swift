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
    private let logger: Logger

    public init(engine: Engine, version: String, logger: Logger) {
        self.engine = engine
        self.version = version
        self.logger = logger
        startedAt = engine.now()
    }

    public func application(
        host: String, port: Int, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        let router = Router()
        router.get("/health/live") { _, _ in answer { $0.member("status", "live") } }
        router.get("/health/ready") { _, _ in answer { $0.member("status", "ready") } }
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
