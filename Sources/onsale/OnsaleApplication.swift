import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import OnsaleCluster
import OnsaleEngine
import OnsaleHTTP
import OnsaleHistory
import OnsaleMonitoring
import OnsalePayments
import OnsaleRelay
import OnsaleSettlement
import OnsaleStorage
import OnsaleStreams
import OnsaleTelemetry
import OnsaleValues
import OnsaleWebhooks
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Opens what a server needs: its folder, secrets, journal and clock.
/// - Throws: ``SetupError`` and others, to be shown to the operator.
func buildApplication(
    _ configuration: ServerConfiguration, _ observability: Observability, logger: Logger
) throws -> OnsaleApplication {
    for warning in configuration.warnings { logger.warning(warning) }
    let folder = try DataFolder(path: configuration.dataPath)
    // The port must be known to other nodes before it is open.
    let port = try FreePort.resolve(configuration.port, host: configuration.host)
    let store = try configuration.node.map {
        try NodeStore(
            $0, sells: configuration.roles.sells, host: configuration.host, port: port,
            migrates: configuration.migrates,
            acceptsClock: configuration.acceptsClock, logger: logger)
    }
    do {
        let secrets = try Secrets(configuration, folder: folder, store: store)
        Scrubber.process.hide(secrets.all + RoleSettings.kafkaSecrets)
        let journal: any EventStore =
            try store?.journal ?? SQLiteJournal(folder: folder.url.path, migrates: configuration.migrates)
        let place: TablePlace =
            configuration.node.map { .database(url: $0.databaseURL) } ?? .folder(folder.url.path)
        let client = StripeGateway.makeClient()
        let afterSale = try AfterSale(
            AfterSale.Parts(
                settings: configuration.roles, choices: configuration.services, place: place,
                migrates: configuration.migrates, journal: configuration.roles.sells ? journal : nil,
                statement: ProviderList(
                    payments: configuration.payments, folder: folder.url.path, client: client),
                barcode: Barcodes.maker(secret: secrets.barcodeSecret), secret: secrets.servicesSecret,
                publicURL: configuration.publicURL ?? "http://\(configuration.host):\(port)",
                isServer: true, mailsCodes: configuration.login.isByMail))
        let clock = try startClock(after: journal.latestTime(), accepts: configuration.acceptsClock, logger)
        return OnsaleApplication(
            configuration: configuration, observability: observability, folder: folder, secrets: secrets,
            journal: journal, afterSale: afterSale, membership: store?.membership, publicPort: port, clock: clock,
            client: client, connectionsMax: OpenFileLimit.connectionsMax(logger: logger),
            logger: logger)
    } catch {
        store?.close()
        throw error
    }
}

/// The clock for everything sold. It must not contradict what the journal has.
private func startClock(after latest: Timestamp?, accepts: Bool, _ logger: Logger) throws(SetupError) -> SystemClock {
    do throws(ClockFinding) {
        return try SystemClock(
            after: latest, accepts: accepts,
            onJump: { drift in
                logger.warning(
                    "The system's clock jumped. The sale's time runs on and follows it slowly",
                    metadata: ["milliseconds": "\(drift)"])
            })
    } catch .behindJournal(let seconds) {
        throw SetupError(
            "the system's clock is \(seconds) seconds behind the journal's last entry. Set the clock "
                + "right; or, if the journal's time is wrong, start with --accept-clock: time then continues from the "
                + "journal's")
    } catch {
        throw SetupError("the system's clock is set to a year before 2025. Set it right, or start with --accept-clock")
    }
}

/// The running program: the sandbox (unless a provider is set), the engine, the two ports.
struct OnsaleApplication: Sendable {
    let configuration: ServerConfiguration
    let observability: Observability
    let folder: DataFolder
    let secrets: Secrets
    let journal: any EventStore
    let afterSale: AfterSale
    /// This node among others; nil where it is the only one.
    let membership: Membership?
    let publicPort: Int
    let clock: SystemClock
    let client: HTTPClient
    let connectionsMax: Int
    let logger: Logger

    /// How long connections may take to close during shutdown, in seconds; the process must be gone within ten.
    private static let shutdownSeconds = 5

    /// The percentage of connections that may be streams; the rest is for requests.
    private static let streamShare = 84

    func run() async throws {
        // The exporters begin first and end last: they hear of everything the others do, also while those stop.
        let exporters = ServiceGroup(
            services: observability.traces.services, logger: Logger(label: "onsale.lifecycle"))
        async let exporting: Void = exporters.run()
        let result: Result<Void, any Error>
        do { result = .success(try await sell()) } catch { result = .failure(error) }
        await exporters.triggerGracefulShutdown()
        try await exporting
        try result.get()
    }

    private func sell() async throws {
        // The public port is bound last, so that anyone who can connect is served. The sandbox needs its number
        // earlier, for webhooks.
        if configuration.managementPort != 0 {
            _ = try FreePort.resolve(configuration.managementPort, host: configuration.managementHost)
        }
        let provider = try await startProvider(webhookPort: publicPort)
        defer { provider.stop() }
        let publicURL = configuration.publicURL ?? "http://\(configuration.host):\(publicPort)"
        let shares = ClientShares(perAddress: connectionsPerAddress)
        let broadcaster = Broadcaster(
            listenersMax: connectionsMax * OnsaleApplication.streamShare / 100,
            ended: { shares.streamEnded(client: $0) })
        let timelines = TimelineFollower(journal: journal)
        let history = EventHistory(journal: journal, timelines: timelines)
        let monitor = Monitor(observability, database: membership == nil ? "sqlite" : "postgresql")
        let redis = makeRedis()
        let engine = makeEngine(
            provider, publicURL: publicURL,
            followers: [StreamFollower(broadcaster), timelines, monitor.engine] + (redis?.followers ?? [])
                + (afterSale.relay.map { [$0] } ?? []),
            observer: monitor.loop)
        try await afterSale.relay?.prepare()
        try engine.start()
        // Ready or not, a node that others wait for must answer in the end.
        if await !engine.join(atMostSeconds: 60) { logger.error("Not every event could be read; opening without them") }
        let places = makePlaces(engine)
        let readiness = Readiness(
            engine: engine, disk: DiskWatch(path: folder.url.path), redis: redis?.connection?.readiness)
        let service = try await OnsaleService(
            engine: engine, settings: serviceSettings(), broadcaster: broadcaster, shares: shares, client: client,
            history: history, readiness: readiness, version: Onsale.version, places: places,
            listeners: redis?.board, documents: redis?.connection?.documents, codes: afterSale.codes,
            contacts: afterSale.mail?.book, webhooks: afterSale.webhooks?.endpoints,
            settlements: afterSale.settlement?.reports, notes: afterSale.notes, accounts: afterSale.accounts,
            logger: Logger(label: "onsale.http"))
        monitor.watch(engine, service, broadcaster, readiness)
        let sharing = redis?.begin(engine, service)
        if let sharing { monitor.watch(engine, sharing) }
        let following = afterSale.begin(engine)
        monitor.watch(following)
        if configuration.isDemo { try await Demo.openArena(in: engine, logger: logger) }
        try await serve(service, engine, broadcaster, readiness, places, following)
        await sharing?.stop()
        try await service.close()
        await broadcaster.stop()
        // Both ports have stopped and everything accepted is answered, so the engine can finish its work.
        await engine.stop()
        await following.stop()
        await redis?.close()
        await history.stop()
    }

    /// Closes everything that was opened; nothing may be used afterwards.
    func close() async throws {
        try await client.shutdown()
        try journal.close()
        folder.unlock()
    }

    // MARK: Payments

    private struct Provider {
        let url: String
        let secretKey: String
        let stop: @Sendable () -> Void
    }

    private func startProvider(webhookPort: Int) async throws -> Provider {
        if case .provider(let url, _, let secretKey) = configuration.payments {
            return Provider(url: url, secretKey: secretKey, stop: {})
        }
        // The same port as before if it is free, since payers may be on the sandbox's pages.
        let portFile = folder.file(ProviderList.sandboxPortFile)
        let before = (try? String(contentsOf: portFile, encoding: .utf8)).flatMap { Int($0) } ?? 0
        let sandboxPort = (1...65_535).contains(before) ? (try? FreePort.resolve(before, host: "127.0.0.1")) ?? 0 : 0
        let sandbox = try PaymentsSandbox(
            folder: folder.file("payments-sandbox"), host: "127.0.0.1", port: sandboxPort,
            secretKey: secrets.sandboxKey,
            webhook: .init(
                url: "http://127.0.0.1:\(webhookPort)/v1/webhooks/payments", secret: secrets.webhookSecret),
            client: client, logger: Logger(label: "onsale.sandbox"))
        let (ports, portKnown) = AsyncStream.makeStream(of: Int.self)
        let application = sandbox.application { port in
            portKnown.yield(port)
            portKnown.finish()
        }
        let task = Task {
            do { try await application.run() } catch {
                if !Task.isCancelled { logger.error("The payments sandbox stopped", metadata: ["error": "\(error)"]) }
            }
            portKnown.finish()
        }
        for await port in ports {
            try? String(port).write(to: portFile, atomically: true, encoding: .utf8)
            return Provider(url: "http://127.0.0.1:\(port)", secretKey: secrets.sandboxKey) { task.cancel() }
        }
        throw StartError.sandboxDidNotStart
    }

    // MARK: The engine

    private func makePlaces(_ engine: Engine) -> NodePlaces? {
        guard let membership, let secret = secrets.nodeSecret else { return nil }
        return NodePlaces(engine: engine, membership: membership, secret: secret)
    }

    private func makeRedis() -> NodeRedis? {
        guard let membership, let secret = secrets.nodeSecret else { return nil }
        return NodeRedis(configuration.node?.redis, node: membership.node.name, key: secret)
    }

    private func makeEngine(
        _ provider: Provider, publicURL: String, followers: [any Follower], observer: any LoopObserver
    ) -> Engine {
        let gateway = StripeGateway(
            baseURL: provider.url, secretKey: provider.secretKey, publicURL: publicURL, client: client)
        return Engine(
            journal: journal, clock: clock, payments: ObservedGateway(gateway), followers: followers,
            observer: observer, membership: membership, logger: Logger(label: "onsale.engine"),
            fatal: { reason in
                // After a failed write or sync nobody knows what is on disk; a restart reads what is there.
                logger.critical("Stopping at once", metadata: ["reason": "\(reason)"])
                exit(70)
            })
    }

    /// The limit per client: a twentieth of all connections by default.
    private var connectionsPerAddress: Int {
        configuration.connectionsPerAddress ?? max(100, connectionsMax / 20)
    }

    private func serviceSettings() -> ServiceSettings {
        ServiceSettings(
            adminToken: secrets.adminToken, doorToken: configuration.doorToken, tokenSecret: secrets.tokenSecret,
            barcodeSecret: secrets.barcodeSecret, login: configuration.login, webhookSecret: secrets.webhookSecret,
            trustedProxies: configuration.trustedProxies, limitsLoopback: configuration.limitsLoopback,
            joinChallengeBits: configuration.joinChallengeBits, takesOverSockets: configuration.takesOverSockets,
            pagesFolder: configuration.pagesFolder)
    }

    // MARK: The ports

    private func serve(
        _ service: OnsaleService, _ engine: Engine, _ broadcaster: Broadcaster, _ readiness: Readiness,
        _ places: NodePlaces?, _ following: AfterSale.Work
    ) async throws {
        // Announced once, when both are open.
        let open = Mutex<(public: Int?, management: Int?)>((nil, nil))
        let opened: @Sendable (Int?, Int?) -> Void = { publicPort, managementPort in
            let ports = open.withLock { open in
                open = (publicPort ?? open.public, managementPort ?? open.management)
                return open
            }
            if let port = ports.public, let management = ports.management { announce(port, management) }
        }
        let publicServer = OnsaleServer(service: service, logger: Logger(label: "onsale.http")).application(
            host: configuration.host, port: publicPort, connectionsMax: connectionsMax
        ) { port in opened(port, nil) }
        let info = ServerInfo(
            version: Onsale.version, startedAt: engine.now(), payments: configuration.payments.name,
            settings: configuration.shown, features: features)
        let management = ManagementServer(
            engine: engine, info: info, readiness: readiness, metrics: observability.metrics,
            levels: observability.logs.levels, cluster: places, services: following,
            logger: Logger(label: "onsale.management")
        ).application(host: configuration.managementHost, port: configuration.managementPort) { port in
            opened(nil, port)
        }
        var configuration = ServiceGroupConfiguration(
            services: [
                management, publicServer, ShutdownService(engine: engine, broadcaster: broadcaster, logger: logger),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "onsale.lifecycle"))
        configuration.maximumGracefulShutdownDuration = .seconds(OnsaleApplication.shutdownSeconds)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// What is on and what is off, for `/info` and the line at the start.
    private var features: [(name: String, value: String)] {
        let login =
            switch configuration.login {
            case .open: "open"
            case .mail: "mail"
            default: "provider"
            }
        return observability.features + [
            ("payments", configuration.payments.name), ("login", login),
            ("door", configuration.doorToken == nil ? "off" : "on"),
            ("joinChallenge", configuration.joinChallengeBits == 0 ? "off" : "\(configuration.joinChallengeBits) bits"),
            ("streams", configuration.takesOverSockets ? "sockets" : "channels"),
            ("demo", configuration.isDemo ? "on" : "off"),
            ("journal", membership == nil ? "sqlite" : "postgresql"),
            ("redis", configuration.node?.redis == nil ? "off" : "on"),
            ("roles", configuration.roles.shown),
            ("bus", configuration.roles.kafka == nil ? "tables" : "kafka"),
            ("node", membership.map { "\($0.node)" } ?? "alone"),
        ]
    }

    private var paymentsLine: String {
        switch configuration.payments {
        case .sandbox: "sandbox: no money moves"
        case .provider(_, let host, _): host
        }
    }

    private func announce(_ port: Int, _ managementPort: Int) {
        let url = "http://\(configuration.host):\(port)"
        var lines = ["Onsale is open at \(url)"]
        if let file = secrets.adminTokenFile { lines.append("  organizer's token  \(file)") }
        if let name = membership?.node.name {
            lines.append("  node               \(name), with the others in the database")
        }
        if case .open = configuration.login {
            lines.append("  sign-in            open: any address is believed. For demonstrations and rehearsals only.")
        }
        lines.append("  payments           " + paymentsLine)
        if configuration.isDemo { lines.append("  on sale            \(url)/events/\(Demo.eventID)") }
        lines.append("  organizer, door    \(url)/organizer, \(url)/door")
        let management = "http://\(configuration.managementHost):\(managementPort)"
        lines.append("  management         \(management)")
        if configuration.roles.services.contains(.mail), configuration.services.mail.server == nil {
            lines.append("  mails              \(management)/mails: kept, since no ONSALE_SMTP_URL is set")
        }
        FileHandle.printLine(lines.joined(separator: "\n"))
        Task {
            var metadata: Logger.Metadata = ["version": "\(Onsale.version)", "build": "\(ServerInfo.build)"]
            if let digest = await ServerInfo.digest() { metadata["digest"] = "\(digest.prefix(12))" }
            for (name, value) in features { metadata[name] = "\(value)" }
            for (name, value) in configuration.shown { if let value { metadata[name] = "\(value)" } }
            logger.notice("Open", metadata: metadata)
        }
    }
}

enum StartError: Error, CustomStringConvertible {
    case sandboxDidNotStart
    case portTaken(Int, reason: String)

    var description: String {
        switch self {
        case .sandboxDidNotStart: "the payments sandbox did not start"
        case .portTaken(let port, let reason): "port \(port) cannot be opened: \(reason)"
        }
    }
}
