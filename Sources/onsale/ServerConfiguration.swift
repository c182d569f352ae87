import Foundation
import Logging
import OnsaleHTTP

/// A server's configuration, checked as a whole before anything is opened.
struct ServerConfiguration: Sendable {
    let host: String
    let port: Int
    let managementHost: String
    let managementPort: Int
    let dataPath: String
    /// Whether to bring the database to this version's schema; otherwise one that isn't there is refused.
    let migrates: Bool
    /// What makes it one of several; nil where the journal is in the data folder.
    let node: NodeConfiguration?
    let roles: RoleSettings
    let services: ServiceChoices
    let isDemo: Bool
    /// Whether to start even if the clock is far behind the journal.
    let acceptsClock: Bool
    /// Where payers return to; nil for the address we listen on.
    let publicURL: String?
    let payments: PaymentChoice
    /// nil to generate one.
    let adminToken: String?
    let doorToken: String?
    /// Signs the provider's webhooks; nil to generate one that only the sandbox knows.
    let webhookSecret: String?
    let login: LoginSetting
    let joinChallengeBits: Int
    let trustedProxies: Set<String>
    let limitsLoopback: Bool
    /// nil for a share of all connections.
    let connectionsPerAddress: Int?
    let takesOverSockets: Bool
    /// The web workspace, for working on the pages.
    let pagesFolder: String?
    /// Every setting as an operator may see it.
    let shown: [(name: String, value: String?)]
    /// Problems that should be fixed, though the server starts.
    let warnings: [Logger.Message]

    private static let tokenBytesMin = 16

    init(_ settings: Settings) throws(SetupError) {
        host = settings.text(.host) ?? "127.0.0.1"
        port = try settings.number(.port, in: 0...65_535, default: 8080)
        managementHost = settings.text(.managementHost) ?? "127.0.0.1"
        managementPort = try settings.number(.managementPort, in: 0...65_535, default: 9464)
        dataPath = settings.text(.data) ?? "./onsale-data"
        migrates = try settings.flag(.migrate, default: true)
        node = try NodeConfiguration(settings, port: port)
        roles = try RoleSettings(settings)
        services = try ServiceChoices(settings)
        guard node != nil || roles.sells else {
            throw SetupError("ONSALE_ROLES=edge is for nodes that share a database, so DATABASE_URL must be set too.")
        }
        isDemo = try settings.flag(.demo)
        acceptsClock = try settings.flag(.acceptClock)
        publicURL = settings.text(.publicURL)
        payments = try PaymentChoice(settings, isDemo: isDemo)
        if node != nil, case .sandbox = payments {
            throw SetupError(
                "nodes that share a database must share a provider too, and the sandbox inside this one is its own. Run "
                    + "onsale payments-sandbox, and give all nodes its ONSALE_PAYMENT_URL and ONSALE_PAYMENT_SECRET_KEY."
            )
        }
        adminToken = try ServerConfiguration.token(.adminToken, settings)
        doorToken = try ServerConfiguration.token(.doorToken, settings)
        guard doorToken == nil || doorToken != adminToken else {
            throw SetupError("ONSALE_DOOR_TOKEN must differ from ONSALE_ADMIN_TOKEN: the door may do far less.")
        }
        webhookSecret = settings.text(.paymentWebhookSecret)
        var warnings: [Logger.Message] = []
        login = try ServerConfiguration.login(settings, isDemo: isDemo, &warnings)
        joinChallengeBits = try settings.number(.joinChallenge, in: 0...32, default: 0)
        trustedProxies = Set(
            (settings.text(.trustedProxies) ?? "").split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            })
        limitsLoopback = try settings.flag(.limitLoopback)
        let connections = try settings.number(.connectionsPerAddress, in: 0 ... .max, default: 0)
        guard connections > 0 || settings.text(.connectionsPerAddress) == nil else {
            throw SetupError("ONSALE_CONNECTIONS_PER_ADDRESS must be above zero.")
        }
        connectionsPerAddress = connections > 0 ? connections : nil
        let streams = settings.text(.streams) ?? "sockets"
        guard ["sockets", "channels"].contains(streams) else {
            throw SetupError("ONSALE_STREAMS is sockets or channels, not “\(streams)”.")
        }
        takesOverSockets = streams == "sockets"
        pagesFolder = settings.text(.pages)
        if case .provider = payments, webhookSecret == nil {
            warnings.append(
                "ONSALE_PAYMENT_WEBHOOK_SECRET is not set: webhooks are refused, so news from the provider arrives late"
            )
        }
        shown = settings.shown
        if !["127.0.0.1", "::1", "localhost"].contains(managementHost) {
            warnings.append(
                "ONSALE_MANAGEMENT_HOST opens the management port, which asks for no token, to other machines: keep it behind a firewall"
            )
        }
        if !isDemo, trustedProxies.isEmpty {
            warnings.append(
                "ONSALE_TRUSTED_PROXIES is not set: behind a proxy, all clients would count, and be limited, as one"
            )
        }
        self.warnings = warnings
    }

    /// Tokens chosen by hand must not be short enough to guess.
    private static func token(_ name: Settings.Name, _ settings: Settings) throws(SetupError) -> String? {
        guard let token = settings.text(name) else { return nil }
        guard token.utf8.count >= tokenBytesMin else {
            throw SetupError(
                "\(name.rawValue) must have at least \(tokenBytesMin) bytes: make one with openssl rand -hex 16.")
        }
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw SetupError("\(name.rawValue) must be visible ASCII: other characters can't be sent in a header.")
        }
        return token
    }

    private static func login(
        _ settings: Settings, isDemo: Bool, _ warnings: inout [Logger.Message]
    ) throws(SetupError) -> LoginSetting {
        switch settings.text(.login) {
        case nil: return isDemo ? .open : .unset
        case "open"?: return .open
        case "mail"?: return .mail
        case "jwks"?:
            guard let place = settings.text(.loginJWKS) else {
                throw SetupError("ONSALE_LOGIN=jwks needs ONSALE_LOGIN_JWKS, a file or URL with a JWK set.")
            }
            let issuer = settings.text(.loginIssuer)
            let audience = settings.text(.loginAudience)
            guard let source = JWKSSource(place, issuer: issuer, audience: audience) else {
                throw SetupError("ONSALE_LOGIN_JWKS must be a file or an https URL; http only on this machine.")
            }
            if issuer == nil {
                warnings.append("ONSALE_LOGIN_ISSUER is not set: tokens of any issuer (`iss`) are accepted")
            }
            if audience == nil {
                warnings.append("ONSALE_LOGIN_AUDIENCE is not set: tokens made for any audience (`aud`) are accepted")
            }
            return .jwks(source)
        case let other?: throw SetupError("ONSALE_LOGIN must be mail, jwks or open, not “\(other)”.")
        }
    }
}
