package import AsyncHTTPClient
import Hummingbird
package import Logging
package import OnsaleAccounts
package import OnsaleEngine
package import OnsaleHistory
package import OnsaleSettlement
package import OnsaleStreams
package import OnsaleWebhooks

/// The organizer's token, as far as a node must know it: enough to recognize it.
package struct AdminToken: Sendable {
    /// SHA-256 of it.
    package let digest: [UInt8]
    /// Whether it could be taken for a buyer's token. A node that has only the digest can't know.
    let looksLikeJWT: Bool

    package init(_ token: String) {
        digest = Gate.digest(token)
        looksLikeJWT = token.isJWT
    }

    package init(digest: [UInt8]) {
        self.digest = digest
        looksLikeJWT = false
    }
}

/// How the HTTP service is set up.
package struct ServiceSettings: Sendable {
    package var adminToken: AdminToken
    package var doorToken: String?
    /// Signs sessions and passes.
    package var tokenSecret: String
    /// Signs barcodes.
    package var barcodeSecret: String
    package var login: LoginSetting
    package var webhookSecret: String
    package var trustedProxies: Set<String>
    /// Whether clients on this machine are limited like all others.
    package var limitsLoopback: Bool
    /// Zero bits required of a proof of work on joining; 0 asks for none.
    package var joinChallengeBits: Int
    /// Whether sockets are taken from the framework; otherwise a stream keeps its channel, without a task.
    package var takesOverSockets: Bool
    /// The web workspace, whose pages are read on every request; nil for the installed files.
    package var pagesFolder: String?

    package init(
        adminToken: AdminToken, doorToken: String?, tokenSecret: String, barcodeSecret: String, login: LoginSetting,
        webhookSecret: String, trustedProxies: Set<String> = [], limitsLoopback: Bool = false,
        joinChallengeBits: Int = 0,
        takesOverSockets: Bool = true, pagesFolder: String? = nil
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
        self.takesOverSockets = takesOverSockets && StreamSocket.isSupported
    }
}

/// The public port: every route of the contract with its collaborators, and the pages.
package struct OnsaleService: Sendable {
    let gate: Gate
    let events: EventClient
    let shares: ClientShares
    let broadcaster: Broadcaster
    let metrics = RequestMetrics()
    /// nil where there is only this one.
    let nodes: Nodes?
    /// The contract: everything the public port serves except pages.
    let endpoints: [Endpoint]
    let pages: PageRoutes
    /// nil where there is only this node.
    let listenersWay: ListenersWay?

    /// Requests being answered.
    package var activeRequests: Int { metrics.active }

    /// - Parameters:
    ///   - shares: the limits per client. The broadcaster gives streams back.
    ///   - version: the program's, for the OpenAPI document.
    ///   - places: where there are several nodes: which of them writes which event. Then ``close()`` must be called.
    ///   - listeners: likewise: who listens here.
    ///   - documents: what other nodes have read already; nil for none.
    ///   - codes: for the login `mail`.
    ///   - contacts: nil where addresses are not kept.
    ///   - webhooks: nil where nobody is told what happens.
    ///   - settlements: nil where nothing is booked.
    ///   - notes: nil where services say nothing of orders.
    ///   - accounts: nil where the staff has none.
    package init(
        engine: Engine, settings: ServiceSettings, broadcaster: Broadcaster, shares: ClientShares, client: HTTPClient,
        history: EventHistory, readiness: Readiness, version: String, places: (any EventPlaces)? = nil,
        listeners: (any Listeners)? = nil, documents: (any SharedDocumentCache)? = nil, codes: (any MailedCodes)? = nil,
        contacts: (any ContactBook)? = nil, webhooks: WebhookEndpoints? = nil, settlements: SettlementReports? = nil,
        notes: (any OrderNotes)? = nil, accounts: StaffAccounts? = nil, logger: Logger
    ) async throws {
        let login = try await settings.login.login(
            pepper: settings.tokenSecret, client: client, codes: codes, logger: logger)
        let tokens = Tokens(secret: settings.tokenSecret, login: login) { mailbox in
            // Nobody waits for it: whoever can't be written to buys all the same.
            Task {
                do { try await contacts?.keep(mailbox) } catch {
                    logger.warning(
                        "An address couldn't be kept; its buyer gets no mail", metadata: ["error": "\(error)"])
                }
            }
        }
        let events = EventClient(engine: engine)
        let presenter = Presenter(barcodes: try Barcodes(secret: settings.barcodeSecret), now: { engine.now() })
        let plans = PlanCache(engine: engine, shared: documents)
        let gate = Gate(settings, tokens: tokens, accounts: accounts, now: { engine.now() })
        let nodes = places.map(Nodes.init)
        let mine = BuyersOrders(events: events, presenter: presenter, nodes: nodes)
        let groups: [any RouteGroup] = [
            EventRoutes(events: events, presenter: presenter, plans: plans),
            SessionRoutes(events: events, tokens: tokens, mine: mine, contacts: contacts, logger: logger),
            LineRoutes(
                events: events, tokens: tokens, challenge: JoinChallenge(bits: settings.joinChallengeBits),
                nodes: nodes),
            StreamRoutes(
                events: events, gate: gate, broadcaster: broadcaster, shares: shares, node: nodes?.name,
                listeners: listeners, takesOverSockets: settings.takesOverSockets),
            HoldRoutes(events: events),
            OrderRoutes(events: events, presenter: presenter, mine: mine, notes: notes),
            OrganizerRoutes(
                events: events, presenter: presenter, plans: plans, sections: PlanSections(plans: plans),
                logger: logger),
            OrderDeskRoutes(events: events, presenter: presenter, login: login, notes: notes),
            DoorRoutes(events: events, barcodes: presenter.barcodes, login: login),
            WebhookRoutes(engine: engine, secret: settings.webhookSecret, nodes: nodes),
            HistoryRoutes(events: events, history: history, notes: notes, logger: logger),
            EndpointRoutes(webhooks: webhooks),
            AccountRoutes(accounts: accounts),
            SettlementRoutes(reports: settlements),
            ServerRoutes(engine: engine, readiness: readiness, version: version),
        ]
        let declared = groups.flatMap(\.endpoints)
        endpoints = declared + OpenAPIRoutes(others: declared.map(\.operation), version: version).endpoints
        let library = PageLibrary(folder: settings.pagesFolder)
        // Compressed now, so that no visitor waits for it.
        _ = library.files()
        pages = PageRoutes(library: library)
        self.gate = gate
        self.nodes = nodes
        listenersWay = nodes.flatMap { nodes in listeners.map { ListenersWay(nodes: nodes, listeners: $0) } }
        self.events = events
        self.shares = shares
        self.broadcaster = broadcaster
    }

    /// Ends the connections to other nodes, once nobody is answered any more.
    package func close() async throws { try await nodes?.close() }
}
