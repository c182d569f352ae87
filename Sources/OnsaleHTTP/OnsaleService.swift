public import AsyncHTTPClient
import Crypto
import HTTPTypes
import Hummingbird
public import Logging
public import OnsaleEngine
import OnsaleSale
public import OnsaleStreams
import OnsaleValues
import OnsaleWaitingRoom

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
        self.handsSocketsOver = handsSocketsOver && OnsaleService.canTakeSockets
    }
}

/// What all routes share.
public struct OnsaleService: Sendable {
    let engine: Engine
    let settings: ServiceSettings
    let tokens: Tokens
    let login: Login
    let barcodes: Barcodes
    let plans: PlanCache
    let shares: ClientShares
    let rooms = RoomCache()
    let entrantLists = EntrantLists()
    let challenge: JoinChallenge?
    let shelf: PageShelf
    let broadcaster: Broadcaster
    let logger: Logger
    /// By client address: sessions, joins, passes, holds and orders together.
    let addressLimiter = RateLimiter("address", perSecond: 50, burst: 200)
    /// By buyer: joins, passes, holds and orders.
    let buyerLimiter = RateLimiter("buyer", perSecond: 5, burst: 20)
    /// By client address: tokens that are not the organizer's where that is wanted.
    private let guessLimiter = RateLimiter("guesses", perSecond: 0.5, burst: 20)
    private let adminDigest: [UInt8]
    private let doorDigest: [UInt8]?

    #if os(Linux)
        static let canTakeSockets = true
    #else
        static let canTakeSockets = false
    #endif

    static let sessionSeconds = 7 * 86_400
    private static let eventIDBytesMax = 64

    /// - Parameters:
    ///   - shares: what one client may have, which the broadcaster gives back.
    public init(
        engine: Engine, settings: ServiceSettings, broadcaster: Broadcaster, shares: ClientShares, client: HTTPClient,
        logger: Logger
    ) async throws {
        self.shares = shares
        plans = PlanCache(engine: engine)
        self.broadcaster = broadcaster
        shelf = PageShelf(folder: settings.pagesFolder)
        // Compressed now, so that nobody's request waits for it.
        _ = shelf.files()
        self.engine = engine
        self.settings = settings
        self.logger = logger
        login = try await settings.login.login(pepper: settings.tokenSecret, client: client, logger: logger)
        tokens = Tokens(secret: settings.tokenSecret, login: login)
        challenge = JoinChallenge(bits: settings.joinChallengeBits)
        barcodes = try Barcodes(secret: settings.barcodeSecret)
        adminDigest = Array(SHA256.hash(data: Array(settings.adminToken.utf8)))
        doorDigest = settings.doorToken.map { Array(SHA256.hash(data: Array($0.utf8))) }
    }

    /// Whether what `X-Forwarded-For` says is believed of nobody.
    public var trustsNoProxy: Bool { settings.trustedProxies.isEmpty }

    // MARK: Who asks

    /// The bearer token of a request, if it has one.
    func bearer(_ request: Request) -> String? {
        guard let header = request.headers.plain(.authorization, bytesMax: Tokens.tokenBytesMax + 7),
            header.utf8.count > 7, header.prefix(7).lowercased() == "bearer "
        else { return nil }
        return String(header.dropFirst(7))
    }

    /// Whether the request has the organizer's token. Compared by digest, so that the time it takes tells nothing about the
    /// token; whoever has guessed too often is not answered at all, right or wrong.
    func isAdmin(_ request: Request, _ context: OnsaleContext) throws(Problem) -> Bool {
        guard let token = bearer(request) else { return false }
        let isGuess = !token.isJWT || settings.adminToken.isJWT
        if isGuess { try limitGuesses(request, context, isTaken: false) }
        if Array(SHA256.hash(data: Array(token.utf8))) == adminDigest { return true }
        if isGuess, !isDoor(token) { try limitGuesses(request, context, isTaken: true) }
        return false
    }

    private func isDoor(_ token: String?) -> Bool {
        guard let token, let doorDigest else { return false }
        return Array(SHA256.hash(data: Array(token.utf8))) == doorDigest
    }

    private static let noToken = Problem(
        .unauthenticated, "Send Authorization: Bearer with a token that is valid here.")

    func requireAdmin(_ request: Request, _ context: OnsaleContext) async throws {
        let token = bearer(request)
        if try isAdmin(request, context) { return }
        guard let token else { throw OnsaleService.noToken }
        if isDoor(token) { throw Problem(.forbidden, "The door's token is for check-ins and void tickets alone.") }
        if await tokens.principal(token, now: engine.now()) != nil {
            throw Problem(.forbidden, "This needs the organizer's token.")
        }
        throw OnsaleService.noToken
    }

    func requireDoor(_ request: Request, _ context: OnsaleContext) async throws {
        if isDoor(bearer(request)) { return }
        try await requireAdmin(request, context)
    }

    func principal(_ request: Request) async throws -> Principal {
        guard let token = bearer(request) else { throw OnsaleService.noToken }
        guard let principal = await tokens.principal(token, now: engine.now()) else { throw OnsaleService.noToken }
        return principal
    }

    /// The buyer of a session.
    func requireSession(_ request: Request) async throws -> BuyerID {
        switch try await principal(request) {
        case .session(let buyer): return buyer
        case .pass, .ticket: throw Problem(.forbidden, "This needs a session, not a pass or a ticket.")
        }
    }

    /// The buyer and number of a pass for the event.
    func requirePass(_ request: Request, for event: String) async throws -> (buyer: BuyerID, pass: PassID) {
        switch try await principal(request) {
        case .pass(event, let buyer, let pass): return (buyer, pass)
        case .pass: throw Problem(.forbidden, "This pass is for another event.")
        case .session, .ticket: throw Problem(.forbidden, "This needs a pass, which joining the waiting room gives.")
        }
    }

    /// The buyer of a session, or of a pass for the event.
    func requireBuyer(_ request: Request, of event: String) async throws -> BuyerID {
        switch try await principal(request) {
        case .session(let buyer), .pass(event, let buyer, _): return buyer
        case .pass: throw Problem(.forbidden, "This pass is for another event.")
        case .ticket: throw Problem(.forbidden, "This needs a session or a pass.")
        }
    }

    // MARK: Limits

    /// Whoever guesses at the organizer's token is let guess now and then alone.
    private func limitGuesses(_ request: Request, _ context: OnsaleContext, isTaken: Bool) throws(Problem) {
        let address = address(of: request, context)
        if address.isLoopback, !settings.limitsLoopback { return }
        if let refusal = guessLimiter.take(address.text, now: engine.now(), isTaken: isTaken) {
            throw OnsaleService.slowDown(refusal)
        }
    }

    func address(of request: Request, _ context: OnsaleContext) -> ClientAddress {
        ClientAddress(request, context, trustedProxies: settings.trustedProxies)
    }

    private static func slowDown(_ refusal: RateLimiter.Refusal) -> Problem {
        var problem = Problem.busy(
            .rateLimited, "Slow down a little; nothing was done.", retryAfterSeconds: refusal.waitSeconds)
        problem.rateLimit = refusal
        return problem
    }

    /// Counts a request against its address, and its buyer if it has one.
    func limit(_ request: Request, _ context: OnsaleContext, buyer: BuyerID? = nil) throws(Problem) {
        let address = address(of: request, context)
        if address.isLoopback, !settings.limitsLoopback { return }
        let now = engine.now()
        guard
            let refusal = addressLimiter.take(address.text, now: now)
                ?? buyer.flatMap({ buyerLimiter.take($0.text, now: now) })
        else { return }
        throw OnsaleService.slowDown(refusal)
    }

    // MARK: Events

    func event(_ context: OnsaleContext) async throws -> EventHandle {
        // Looked up only if it can be an event's id at all.
        guard let id = context.parameters.get("event"), id.utf8.count <= OnsaleService.eventIDBytesMax,
            id.utf8.allSatisfy({ $0 < 0x80 })
        else { throw Problem.notFound }
        return try await engine.event(id)
    }

    /// Takes a command to its event.
    /// - Throws: ``Problem`` for what the event refuses.
    @discardableResult
    func apply<Command: EventCommand>(_ command: Command, to event: EventHandle) async throws -> Command.Answer {
        try await refusing(event) { try await engine.apply(command, to: event) }
    }

    /// Says what an event refuses as those who asked should hear it.
    func refusing<Answer>(_ event: EventHandle, _ body: () async throws -> Answer) async throws -> Answer {
        do { return try await body() } catch let refusal as Refusal {
            throw Problem(refusal, in: event.view.definition)
        } catch let refusal as LineRefusal {
            throw Problem(refusal)
        }
    }

    /// The organizer's or a buyer's view of an order by its public id; nil for one of another event.
    func orderID(_ text: String?, in definition: EventDefinition) -> PublicID? {
        guard let id = text.flatMap({ PublicID(.order, text: $0) }), id.tag == definition.tag else { return nil }
        return id
    }
}

extension String {
    /// Whether it has the form of our buyers' tokens, which nobody takes for a guess at the organizer's.
    fileprivate var isJWT: Bool { utf8.count { $0 == UInt8(ascii: ".") } == 2 }
}
