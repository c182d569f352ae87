import Crypto
import HTTPTypes
import Hummingbird
import OnsaleAccounts
import OnsaleEngine
import OnsaleValues

/// Says who is asking, and whether they ask too often.
struct Gate: Sendable {
    let tokens: Tokens
    /// nil where there are none.
    let accounts: StaffAccounts?
    let trustedProxies: Set<String>
    let limitsLoopback: Bool
    let now: @Sendable () -> Timestamp
    /// Per client address: sessions, joins, passes, holds and orders together.
    private let addressLimiter = RateLimiter("address", perSecond: 50, burst: 200)
    /// Per buyer: joins, passes, holds and orders.
    private let buyerLimiter = RateLimiter("buyer", perSecond: 5, burst: 20)
    /// Per client address: wrong tokens where one of the staff is needed.
    private let guessLimiter = RateLimiter("guesses", perSecond: 0.5, burst: 20)
    /// Whether the organizer's token looks like a JWT. Only then does a wrong JWT count as a guess.
    private let isAdminTokenJWT: Bool
    private let adminDigest: [UInt8]
    private let doorDigest: [UInt8]?

    init(
        _ settings: ServiceSettings, tokens: Tokens, accounts: StaffAccounts?,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.tokens = tokens
        self.accounts = accounts
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

    /// Who of the staff it is; nil for anybody else. A client that has guessed at tokens too often gets no answer, even to
    /// a right one, unless it was known before.
    func staff(_ request: Request, _ context: OnsaleContext) async throws(Problem) -> StaffMember? {
        guard let token = Gate.bearer(request) else { return nil }
        let isGuess = !token.isJWT || isAdminTokenJWT
        let staffToken = accounts == nil ? nil : StaffToken(token)
        // Nobody guesses 256 bits: whoever was known goes on while a neighbour behind the same address guesses.
        let isKnown = staffToken.map { accounts?.knows($0) ?? false } ?? false
        if isGuess, !isKnown { try limitGuesses(request, context, isTaken: false) }
        // Digests are compared, so timing reveals nothing about a token.
        let digest = Gate.digest(token)
        if digest == adminDigest { return StaffMember(request, .owner) }
        if digest == doorDigest { return StaffMember(request, .door) }
        if let accounts, let staffToken, let account = try await account(staffToken, accounts) {
            return StaffMember(account)
        }
        if isGuess { try limitGuesses(request, context, isTaken: true) }
        return nil
    }

    private func account(_ token: StaffToken, _ accounts: StaffAccounts) async throws(Problem) -> StaffAccount? {
        do { return try await accounts.account(token) } catch {
            throw Problem.busy(
                .unavailable, "Nobody can say just now whose token this is. Try again.", retryAfterSeconds: 2)
        }
    }

    /// A draft isn't there for anybody but the staff.
    func requireShown(_ event: EventHandle, _ request: Request, _ context: OnsaleContext) async throws(Problem) {
        guard event.view.profile.isDraft else { return }
        guard let member = try await staff(request, context), member.role.includes(.viewer) else { throw .notFound }
    }

    static let noToken = Problem(.unauthenticated, "Send Authorization: Bearer with a valid token.")

    /// - Parameter roles: those that suffice.
    func requireStaff(
        _ roles: [StaffRole], _ request: Request, _ context: OnsaleContext
    ) async throws(Problem) -> StaffMember {
        if let member = try await staff(request, context) { return try member.required(roles) }
        if let token = Gate.bearer(request), await tokens.principal(token, now: now()) != nil {
            throw Problem(.forbidden, "This needs a token of the staff.")
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

    /// A client that guesses at the staff's tokens may go on doing so only slowly.
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
    /// Whether it looks like a buyer's token, and so isn't a guess at one of the staff's.
    var isJWT: Bool { utf8.count { $0 == UInt8(ascii: ".") } == 2 }
}
