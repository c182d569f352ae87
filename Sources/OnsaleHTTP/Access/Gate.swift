import Crypto
import HTTPTypes
import Hummingbird
import OnsaleEngine
import OnsaleValues

/// Says who is asking, and whether they ask too often.
struct Gate: Sendable {
    let tokens: Tokens
    let trustedProxies: Set<String>
    let limitsLoopback: Bool
    let now: @Sendable () -> Timestamp
    /// Per client address: sessions, joins, passes, holds and orders together.
    private let addressLimiter = RateLimiter("address", perSecond: 50, burst: 200)
    /// Per buyer: joins, passes, holds and orders.
    private let buyerLimiter = RateLimiter("buyer", perSecond: 5, burst: 20)
    /// Per client address: wrong tokens where the organizer's is needed.
    private let guessLimiter = RateLimiter("guesses", perSecond: 0.5, burst: 20)
    /// Whether the organizer's token looks like a JWT. Only then does a wrong JWT count as a guess.
    private let isAdminTokenJWT: Bool
    private let adminDigest: [UInt8]
    private let doorDigest: [UInt8]?

    init(_ settings: ServiceSettings, tokens: Tokens, now: @escaping @Sendable () -> Timestamp) {
        self.tokens = tokens
        self.now = now
        trustedProxies = settings.trustedProxies
        limitsLoopback = settings.limitsLoopback
        isAdminTokenJWT = settings.adminToken.looksLikeJWT
        adminDigest = settings.adminToken.digest
        doorDigest = settings.doorToken.map(Gate.digest)
    }

    static func digest(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }

    // MARK: Who is asking

    /// The bearer token of a request, if it has one.
    static func bearer(_ request: Request) -> String? {
        guard let header = request.headers.plain(.authorization, bytesMax: Tokens.tokenBytesMax + 7),
            header.utf8.count > 7, header.prefix(7).lowercased() == "bearer "
        else { return nil }
        return String(header.dropFirst(7))
    }

    /// Whether the request carries the organizer's token. Digests are compared, so timing reveals nothing about the
    /// token. A client that has guessed too often gets no answer, even to the right token.
    func isAdmin(_ request: Request, _ context: OnsaleContext) throws(Problem) -> Bool {
        guard let token = Gate.bearer(request) else { return false }
        let isGuess = !token.isJWT || isAdminTokenJWT
        if isGuess { try limitGuesses(request, context, isTaken: false) }
        if Gate.digest(token) == adminDigest { return true }
        if isGuess, !isDoor(token) { try limitGuesses(request, context, isTaken: true) }
        return false
    }

    /// A draft isn't there for anybody but organizers.
    func requireShown(_ event: EventHandle, _ request: Request, _ context: OnsaleContext) throws(Problem) {
        guard event.view.profile.isDraft else { return }
        guard try isAdmin(request, context) else { throw .notFound }
    }

    func isDoor(_ token: String?) -> Bool {
        guard let token, let doorDigest else { return false }
        return Gate.digest(token) == doorDigest
    }

    static let noToken = Problem(.unauthenticated, "Send Authorization: Bearer with a valid token.")

    func requireAdmin(_ request: Request, _ context: OnsaleContext) async throws(Problem) {
        let token = Gate.bearer(request)
        if try isAdmin(request, context) { return }
        guard let token else { throw Gate.noToken }
        if isDoor(token) { throw Problem(.forbidden, "The door's token only opens check-ins and void tickets.") }
        if await tokens.principal(token, now: now()) != nil {
            throw Problem(.forbidden, "This needs the organizer's token.")
        }
        throw Gate.noToken
    }

    func principal(_ request: Request) async throws(Problem) -> Principal {
        guard let token = Gate.bearer(request), let principal = await tokens.principal(token, now: now()) else {
            throw Gate.noToken
        }
        return principal
    }

    // MARK: How often

    func address(of request: Request, _ context: OnsaleContext) -> ClientAddress {
        if let relay = context.relay { return ClientAddress(relay) }
        return ClientAddress(request, context, trustedProxies: trustedProxies)
    }

    /// Whether the limits apply to this client at all.
    func isLimited(_ client: ClientAddress) -> Bool { !client.isLoopback || limitsLoopback }

    /// Counts a request against its address and, if known, its buyer. One that another node passes on has been counted
    /// there.
    func limit(_ request: Request, _ context: OnsaleContext, buyer: BuyerID?) throws(Problem) {
        guard context.relay == nil else { return }
        let address = address(of: request, context)
        guard isLimited(address) else { return }
        let now = now()
        guard
            let refusal = addressLimiter.take(address.text, now: now)
                ?? buyer.flatMap({ buyerLimiter.take($0.text, now: now) })
        else { return }
        throw Gate.slowDown(refusal)
    }

    /// A client that guesses at the organizer's token may go on doing so only slowly.
    private func limitGuesses(_ request: Request, _ context: OnsaleContext, isTaken: Bool) throws(Problem) {
        let address = address(of: request, context)
        guard isLimited(address) else { return }
        if let refusal = guessLimiter.take(address.text, now: now(), isTaken: isTaken) {
            throw Gate.slowDown(refusal)
        }
    }

    private static func slowDown(_ refusal: RateLimiter.Refusal) -> Problem {
        var problem = Problem.busy(
            .rateLimited, "Too many requests. Nothing was done; wait a moment and try again.",
            retryAfterSeconds: refusal.waitSeconds)
        problem.rateLimit = refusal
        return problem
    }
}

extension String {
    /// Whether it looks like a buyer's token, and so isn't a guess at the organizer's.
    var isJWT: Bool { utf8.count { $0 == UInt8(ascii: ".") } == 2 }
}
