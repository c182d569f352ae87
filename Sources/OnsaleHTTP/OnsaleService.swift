public import AsyncHTTPClient
import Hummingbird
public import Logging
public import OnsaleEngine
public import OnsaleStreams

/// How the surface is set up.
public struct ServiceSettings: Sendable {
    public var adminToken: String
    public var doorToken: String?
    /// Signs sessions and passes.
    public var tokenSecret: String
    /// Signs barcodes.
    public var barcodeSecret: String
    public var login: LoginSetting
    public var webhookSecret: String
    public var trustedProxies: Set<String>
    /// Whether clients on this machine are limited like all others.
    public var limitsLoopback: Bool
    /// Zero bits that a proof of work on joining must have; 0 asks for none.
    public var joinChallengeBits: Int
    /// Whether a stream's socket is taken from the framework; else its channel stays, without its task.
    public var handsSocketsOver: Bool
    /// The web workspace, from which pages are read at every request; nil for the files beside the program.
    public var pagesFolder: String?

    public init(
        adminToken: String, doorToken: String?, tokenSecret: String, barcodeSecret: String, login: LoginSetting,
        webhookSecret: String, trustedProxies: Set<String> = [], limitsLoopback: Bool = false,
        joinChallengeBits: Int = 0,
        handsSocketsOver: Bool = true, pagesFolder: String? = nil
    ) {
        self.adminToken = adminToken
        self.doorToken = doorToken
        self.tokenSecret = tokenSecret
        self.barcodeSecret = barcodeSecret
        self.login = login
        self.webhookSecret = webhookSecret
        self.trustedProxies = trustedProxies
        self.limitsLoopback = limitsLoopback
        self.joinChallengeBits = joinChallengeBits
        self.pagesFolder = pagesFolder
        self.handsSocketsOver = handsSocketsOver && StreamSocket.isSupported
    }
}

/// The public port: every route of the contract, with what it needs, and the pages.
public struct OnsaleService: Sendable {
    let gate: Gate
    let events: EventClient
    let shares: ClientShares
    let broadcaster: Broadcaster
    /// The contract: everything that the public port serves but pages.
    let endpoints: [Endpoint]
    let pages: PageRoutes

    /// - Parameters:
    ///   - shares: what one client may have, which the broadcaster gives back.
    ///   - version: of the program, for the contract's document.
    public init(
        engine: Engine, settings: ServiceSettings, broadcaster: Broadcaster, shares: ClientShares, client: HTTPClient,
        version: String, logger: Logger
    ) async throws {
        let login = try await settings.login.login(pepper: settings.tokenSecret, client: client, logger: logger)
        let tokens = Tokens(secret: settings.tokenSecret, login: login)
        let events = EventClient(engine: engine)
        let presenter = Presenter(barcodes: try Barcodes(secret: settings.barcodeSecret), now: { engine.now() })
        let plans = PlanCache(engine: engine)
        let gate = Gate(settings, tokens: tokens, now: { engine.now() })
        let groups: [any RouteGroup] = [
            EventRoutes(events: events, presenter: presenter, plans: plans, tokens: tokens),
            LineRoutes(events: events, tokens: tokens, challenge: JoinChallenge(bits: settings.joinChallengeBits)),
            StreamRoutes(
                events: events, gate: gate, broadcaster: broadcaster, shares: shares,
                handsSocketsOver: settings.handsSocketsOver),
            HoldRoutes(events: events),
            OrderRoutes(events: events, presenter: presenter),
            OrganizerRoutes(events: events, presenter: presenter, plans: plans, logger: logger),
            DoorRoutes(events: events, barcodes: presenter.barcodes),
            WebhookRoutes(engine: engine, secret: settings.webhookSecret),
            ServerRoutes(engine: engine),
        ]
        let declared = groups.flatMap(\.endpoints)
        endpoints = declared + DocumentRoutes(others: declared.map(\.operation), version: version).endpoints
        let library = PageLibrary(folder: settings.pagesFolder)
        // Compressed now, so that nobody's request waits for it.
        _ = library.files()
        pages = PageRoutes(library: library)
        self.gate = gate
        self.events = events
        self.shares = shares
        self.broadcaster = broadcaster
    }

    /// Whether what `X-Forwarded-For` says is believed of nobody.
    public var trustsNoProxy: Bool { gate.trustedProxies.isEmpty }
}
