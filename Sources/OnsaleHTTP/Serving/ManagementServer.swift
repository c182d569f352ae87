import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
package import OnsaleEngine
package import OnsaleTelemetry
import OnsaleValues

/// The management port: for operators, never for the public.
package struct ManagementServer: Sendable {
    /// What a process that sells has to show.
    private struct Sale {
        let engine: Engine
        let info: ServerInfo
        let readiness: Readiness
        /// nil where there is only this node.
        let cluster: (any ClusterPictures)?
    }

    /// nil where services alone run.
    private let sale: Sale?
    private let services: any ServicePictures
    private let metrics: MetricRegistry
    private let levels: LogLevels
    private let logger: Logger

    /// The largest body taken.
    private static let bodyBytesMax = 1024

    package init(
        engine: Engine, info: ServerInfo, readiness: Readiness, metrics: MetricRegistry, levels: LogLevels,
        cluster: (any ClusterPictures)? = nil, services: any ServicePictures, logger: Logger
    ) {
        sale = Sale(engine: engine, info: info, readiness: readiness, cluster: cluster)
        self.services = services
        self.metrics = metrics
        self.levels = levels
        self.logger = logger
    }

    /// For a process with services alone.
    package init(services: any ServicePictures, metrics: MetricRegistry, levels: LogLevels, logger: Logger) {
        sale = nil
        self.services = services
        self.metrics = metrics
        self.levels = levels
        self.logger = logger
    }

    private typealias Handler = @Sendable (Request, BasicRequestContext) async throws -> Response
    private typealias Route = (method: HTTPRequest.Method, path: String, handle: Handler)

    private var routes: [Route] {
        let own: [Route] = [
            (.get, "/health/live", { _, _ in .json(.ok) { $0.member("status", "live") } }),
            (.get, "/metrics", { request, _ in exposition(request) }),
            (.get, "/services", { _, _ in describeServices() }),
            (.get, "/loggers", { _, _ in loggers() }),
            (.put, "/loggers/:label", { request, context in try await setLevel(request, context) }),
        ]
        return saleRoutes + mailRoutes + own
    }

    private var saleRoutes: [Route] {
        // Services get on by themselves, so a process with nothing else is ready while it lives.
        guard let sale else {
            return [(.get, "/health/ready", { _, _ in .json(.ok) { $0.member("status", "ready") } })]
        }
        return [
            (.get, "/health/ready", { _, _ in await ready(sale) }),
            (.get, "/info", { _, _ in await describe(sale) }),
            (.get, "/cluster", { _, _ in try await describeCluster(sale) }),
        ]
    }

    private var mailRoutes: [Route] {
        guard let mails = services.mails.map(MailPages.init) else { return [] }
        return [
            (.get, "/mails", { @Sendable request, _ in try await mails.list(request) }),
            (
                .get, "/mails/:id",
                { @Sendable request, context in
                    try await mails.show(context.parameters.get("id") ?? "", request)
                }
            ),
            (
                .get, "/mails/:id/html",
                { @Sendable _, context in try await mails.html(context.parameters.get("id") ?? "") }
            ),
        ]
    }

    /// The application. `onRunning` receives the port it listens on.
    package func application(
        host: String, port: Int, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.middlewares.add(
            ManagementMiddleware(isOpenToOthers: IPAddress(host).map { !$0.isLoopback } ?? (host != "localhost")))
        for route in routes { router.on(RouterPath(route.path), method: route.method, use: route.handle) }
        for (path, taken) in Dictionary(grouping: routes, by: \.path) {
            let allow = taken.map(\.method.rawValue).sorted().joined(separator: ", ")
            let others: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .options]
            for method in others where !taken.contains(where: { $0.method == method }) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    var problem = Problem(.methodNotAllowed, "This path takes \(allow).")
                    problem.allow = allow
                    throw problem
                }
            }
        }
        return Application(
            router: router, server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
            logger: logger)
    }

    // MARK: Health

    private func ready(_ sale: Sale) async -> Response {
        let parts = await sale.readiness.parts()
        let isReady = parts.allSatisfy(\.isWell)
        return .json(isReady ? .ok : .serviceUnavailable) { writer in
            writer.member("status", isReady ? "ready" : "unready")
            writer.member("payments", sale.engine.provider.name)
            writer.object("parts") { writer in
                for part in parts {
                    writer.member(named: part.name) { writer in
                        writer.object { writer in
                            writer.member("status", part.isWell ? "ok" : "failing")
                            writer.member("detail", part.detail)
                        }
                    }
                }
            }
        }
    }

    // MARK: Metrics

    private func exposition(_ request: Request) -> Response {
        let format = ExpositionFormat(accept: request.headers[.accept])
        return Response(
            status: .ok, headers: [.contentType: format.contentType],
            body: .init(byteBuffer: ByteBuffer(bytes: metrics.exposition(format))))
    }

    // MARK: Info

    private func describe(_ sale: Sale) async -> Response {
        let (engine, info) = (sale.engine, sale.info)
        let digest = await ServerInfo.digest()
        let views = engine.loadedViews()
        return .json(.ok) { writer in
            writer.member("name", "onsale")
            writer.member("version", info.version)
            writer.member("build", ServerInfo.build)
            if let digest { writer.member("digest", "sha256:" + digest) }
            writer.member("startedAt", info.startedAt)
            writer.member("uptimeSeconds", (engine.now().milliseconds - info.startedAt.milliseconds) / 1000)
            writer.member("eventsLoaded", views.count)
            writer.member("payments", info.payments)
            writer.member("paymentProvider", engine.provider.name)
            // Rules 1 and 2, checked with every batch.
            writer.member("rulesHold", views.allSatisfy(\.totalsHold))
            writer.object("features") { writer in
                for feature in info.features { writer.member(named: feature.name) { $0.string(feature.value) } }
            }
            writer.object("settings") { writer in
                for setting in info.settings {
                    writer.member(named: setting.name) { writer in
                        if let value = setting.value { writer.string(value) } else { writer.literal("null") }
                    }
                }
            }
        }
    }

    private func describeCluster(_ sale: Sale) async throws -> Response {
        guard let cluster = sale.cluster else {
            throw Problem(.notFound, "This server runs alone, so it owns every event.")
        }
        return .json(.ok, await cluster.picture().json)
    }

    private func describeServices() -> Response {
        .json(.ok) { writer in
            writer.array("services") { writer in
                for service in services.pictures() {
                    writer.object { writer in
                        writer.member("name", service.name)
                        writer.member("status", service.trouble == nil ? "ok" : "failing")
                        if let trouble = service.trouble { writer.member("trouble", trouble) }
                        writer.object("counts") { writer in
                            for (name, count) in service.counts.sorted(by: { $0.key < $1.key }) {
                                writer.member(named: name, count)
                            }
                        }
                    }
                }
            }
        }
    }

    // MARK: Loggers

    private func loggers() -> Response {
        .json(.ok) { writer in
            writer.object("loggers") { writer in
                for (label, setting) in levels.all {
                    writer.member(named: label) { writer in
                        writer.object { writer in
                            if let level = setting.level {
                                writer.member("level", level.rawValue)
                            } else {
                                writer.null("level")
                            }
                            writer.member("effective", setting.effective.rawValue)
                        }
                    }
                }
            }
        }
    }

    private struct LevelChange: Decodable {
        let level: String?

        private enum CodingKeys: CodingKey { case level }

        /// `null` lets the logger follow again; leaving the member out is a slip.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            guard container.contains(.level) else {
                throw DecodingError.keyNotFound(
                    CodingKeys.level, .init(codingPath: [], debugDescription: "level is missing"))
            }
            level = try container.decodeIfPresent(String.self, forKey: .level)
        }
    }

    private func setLevel(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let body = try await Body.collect(request, upTo: ManagementServer.bodyBytesMax)
        let change = try Body.decode(LevelChange.self, from: request, body)
        let level = try change.level.map { text in
            guard let level = Logger.Level(rawValue: text) else {
                let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem.invalid("/level", "must be null or one of \(known)")
            }
            return level
        }
        let label = context.parameters.get("label") ?? ""
        do {
            try levels.set(level, for: label)
        } catch {
            throw Problem(.notFound, "There is no logger of this name. GET /loggers lists them.")
        }
        logger.notice(
            "A log level was changed",
            metadata: ["logger": "\(label)", "to": "\(change.level ?? "that of the name above")"])
        return .noContent
    }
}

/// Answers as the public port does: each with its `x-request-id`, every error as a problem.
///
/// The management port has no token. A page from elsewhere must not reach it through an operator's browser by pointing
/// a name of its own at loopback (DNS rebinding), so only loopback names are served, unless the operator has opened the
/// port to other machines, whose names for it nobody knows here.
private struct ManagementMiddleware<Context: RequestContext>: RouterMiddleware {
    let isOpenToOthers: Bool

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        if isOpenToOthers || ManagementMiddleware.isLoopback(request.head.authority ?? "") {
            do {
                response = try await next(request, context)
            } catch let problem as Problem {
                response = problem.response
            } catch {
                response = Problem.notFound.response
            }
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
        guard authority.utf8.count <= 64, let authority = Authority(authority),
            authority.port?.utf8.allSatisfy({ (0x30...0x39).contains($0) }) ?? true
        else { return false }
        return authority.host.lowercased() == "localhost" || IPAddress(String(authority.host))?.isLoopback ?? false
    }
}
