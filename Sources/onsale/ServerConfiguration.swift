import Foundation
import OnsaleHTTP

/// How a server is set up, checked as a whole before anything is opened.
struct ServerConfiguration: Sendable {
    let host: String
    let port: Int
    let managementPort: Int
    let dataPath: String
    let isDemo: Bool
    /// Whether to start though the clock is far behind the journal.
    let acceptsClock: Bool
    /// Where payers come back to; nil for the address that is listened on.
    let publicURL: String?
    let payments: PaymentChoice
    /// nil: one is made.
    let adminToken: String?
    let doorToken: String?
    /// What the provider signs its webhooks with; nil: one is made, which only the sandbox knows.
    let webhookSecret: String?
    let login: LoginSetting
    let joinChallengeBits: Int
    let trustedProxies: Set<String>
    let limitsLoopback: Bool
    /// nil: a share of what there is.
    let connectionsPerAddress: Int?
    let handsSocketsOver: Bool
    /// The web workspace, for whoever works on the pages.
    let pagesFolder: String?
    /// What should be mended, though the server starts.
    let warnings: [String]

    private static let tokenBytesMin = 16

    init(_ settings: Settings) throws(SetupError) {
        host = settings.text(.host) ?? "127.0.0.1"
        port = try settings.number(.port, in: 0...65_535, default: 8080)
        managementPort = try settings.number(.managementPort, in: 0...65_535, default: 9464)
        dataPath = settings.text(.data) ?? "./onsale-data"
        isDemo = settings.flag(.demo)
        acceptsClock = settings.flag(.acceptClock)
        publicURL = settings.text(.publicURL)
        payments = try PaymentChoice(settings, isDemo: isDemo)
        adminToken = try ServerConfiguration.token(.adminToken, settings)
        doorToken = try ServerConfiguration.token(.doorToken, settings)
        webhookSecret = settings.text(.paymentWebhookSecret)
        var warnings: [String] = []
        login = try ServerConfiguration.login(settings, isDemo: isDemo, &warnings)
        joinChallengeBits = try settings.number(.joinChallenge, in: 0...32, default: 0)
        trustedProxies = Set(
            (settings.text(.trustedProxies) ?? "").split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            })
        limitsLoopback = settings.flag(.limitLoopback)
        let connections = try settings.number(.connectionsPerAddress, in: 0 ... .max, default: 0)
        guard connections > 0 || settings.text(.connectionsPerAddress) == nil else {
            throw SetupError("ONSALE_CONNECTIONS_PER_ADDRESS must be above zero.")
        }
        connectionsPerAddress = connections > 0 ? connections : nil
        handsSocketsOver = settings.text(.streams) != "channels"
        pagesFolder = settings.text(.pages)
        if case .provider = payments, webhookSecret == nil {
            warnings.append(
                "ONSALE_PAYMENT_WEBHOOK_SECRET is not set: webhooks are refused, and what the provider does is found late"
            )
        }
        if !isDemo, trustedProxies.isEmpty {
            warnings.append(
                "No proxy is named in ONSALE_TRUSTED_PROXIES: behind one all clients would count as one and be limited as one"
            )
        }
        self.warnings = warnings
    }

    /// A token that was chosen by hand: one that is short can be guessed.
    private static func token(_ name: Settings.Name, _ settings: Settings) throws(SetupError) -> String? {
        guard let token = settings.text(name) else { return nil }
        guard token.utf8.count >= tokenBytesMin else {
            throw SetupError(
                "\(name.rawValue) must have at least \(tokenBytesMin) bytes: openssl rand -hex 16 makes a good one.")
        }
        return token
    }

    private static func login(
        _ settings: Settings, isDemo: Bool, _ warnings: inout [String]
    ) throws(SetupError) -> LoginSetting {
        switch settings.text(.login) {
        case nil: return isDemo ? .open : .unset
        case "open"?: return .open
        case "jwks"?:
            guard let place = settings.text(.loginJWKS) else {
                throw SetupError("ONSALE_LOGIN=jwks needs ONSALE_LOGIN_JWKS, a file or URL with a JWK set.")
            }
            let issuer = settings.text(.loginIssuer)
            let audience = settings.text(.loginAudience)
            guard let source = JWKSSource(place, issuer: issuer, audience: audience) else {
                throw SetupError("ONSALE_LOGIN_JWKS must be a file or an https URL; http is for this machine alone.")
            }
            if issuer == nil {
                warnings.append("ONSALE_LOGIN_ISSUER is not set: tokens of other issuers are taken too (`iss`)")
            }
            if audience == nil {
                warnings.append("ONSALE_LOGIN_AUDIENCE is not set: tokens made for others are taken too (`aud`)")
            }
            return .jwks(source)
        case let other?: throw SetupError("ONSALE_LOGIN is open or jwks, not “\(other)”.")
        }
    }
}
