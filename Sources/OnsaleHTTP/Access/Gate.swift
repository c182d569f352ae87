import Crypto
import HTTPTypes
import Hummingbird
import OnsaleEngine
import OnsaleValues

/// Who asks, and whether too often.
struct Gate: Sendable {
    let tokens: Tokens
    let trustedProxies: Set<String>
    let limitsLoopback: Bool
    let now: @Sendable () -> Timestamp
    /// By client address: sessions, joins, passes, holds and orders together.
    private let addressLimiter = RateLimiter("address", perSecond: 50, burst: 200)
    /// By buyer: joins, passes, holds and orders.
    private let buyerLimiter = RateLimiter("buyer", perSecond: 5, burst: 20)
    /// By client address: tokens that are not the organizer's where that is wanted.
    private let guessLimiter = RateLimiter("guesses", perSecond: 0.5, burst: 20)
    /// Whether the organizer's token looks like a buyer's, so that nothing tells a guess from an honest mistake.
    private let isAdminTokenJWT: Bool
    private let adminDigest: [UInt8]
    private let doorDigest: [UInt8]?

    init(_ settings: ServiceSettings, tokens: Tokens, now: @escaping @Sendable () -> Timestamp) {
        self.tokens = tokens
        self.now = now
        trustedProxies = settings.trustedProxies
        limitsLoopback = settings.limitsLoopback
        isAdminTokenJWT = settings.adminToken.isJWT
        adminDigest = Gate.digest(settings.adminToken)
        doorDigest = settings.doorToken.map(Gate.digest)
    }

    private static func digest(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }

    // MARK: Who asks

    /// The bearer token of a request, if it has one.
    static func bearer(_ request: Request) -> String? {
        guard let header = request.headers.plain(.authorization, bytesMax: Tokens.tokenBytesMax + 7),
            header.utf8.count > 7, header.prefix(7).lowercased() == "bearer "
        else { return nil }
        return String(header.dropFirst(7))
    }

    /// Whether the request has the organizer's token. Compared by digest, so that the time it takes tells nothing about the
    /// token; whoever has guessed too often is not answered at all, right or wrong.
    func isAdmin(_ request: Request, _ context: OnsaleContext) throws(Problem) -> Bool {
        guard let token = Gate.bearer(request) else { return false }
        let isGuess = !token.isJWT || isAdminTokenJWT
        if isGuess { try limitGuesses(request, context, isTaken: false) }
        if Gate.digest(token) == adminDigest { return true }
        if isGuess, !isDoor(token) { try limitGuesses(request, context, isTaken: true) }
        return false
    }

    func isDoor(_ token: String?) -> Bool {
        guard let token, let doorDigest else { return false }
        return Gate.digest(token) == doorDigest
    }

    static let noToken = Problem(.unauthenticated, "Send Authorization: Bearer with a token that is valid here.")

    func requireAdmin(_ request: Request, _ context: OnsaleContext) async throws(Problem) {
        let token = Gate.bearer(request)
        if try isAdmin(request, context) { return }
        guard let token else { throw Gate.noToken }
        if isDoor(token) { throw Problem(.forbidden, "The door's token is for check-ins and void tickets alone.") }
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
        ClientAddress(request, context, trustedProxies: trustedProxies)
    }

    /// Whether what this client does is counted at all.
    func counts(_ client: ClientAddress) -> Bool { !client.isLoopback || limitsLoopback }

    /// Counts a request against its address, and its buyer if it has one.
    func limit(_ request: Request, _ context: OnsaleContext, buyer: BuyerID?) throws(Problem) {
        let address = address(of: request, context)
        guard counts(address) else { return }
        let now = now()
        guard
            let refusal = addressLimiter.take(address.text, now: now)
                ?? buyer.flatMap({ buyerLimiter.take($0.text, now: now) })
        else { return }
        throw Gate.slowDown(refusal)
    }

    /// Whoever guesses at the organizer's token is let guess now and then alone.
    private func limitGuesses(_ request: Request, _ context: OnsaleContext, isTaken: Bool) throws(Problem) {
        let address = address(of: request, context)
        guard counts(address) else { return }
        if let refusal = guessLimiter.take(address.text, now: now(), isTaken: isTaken) {
            throw Gate.slowDown(refusal)
        }
    }

    private static func slowDown(_ refusal: RateLimiter.Refusal) -> Problem {
        var problem = Problem.busy(
            .rateLimited, "Slow down a little; nothing was done.", retryAfterSeconds: refusal.waitSeconds)
        problem.rateLimit = refusal
        return problem
    }
}

extension String {
    /// Whether it has the form of our buyers' tokens, which nobody takes for a guess at the organizer's.
    fileprivate var isJWT: Bool { utf8.count { $0 == UInt8(ascii: ".") } == 2 }
}
