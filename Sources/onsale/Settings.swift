import Configuration
import Foundation

/// What is wrong with the program's configuration, and what to do about it.
struct SetupError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Settings by name. The command line wins over the environment, and an empty variable counts as unset.
struct Settings: Sendable {
    enum Name: String, CaseIterable {
        case host = "ONSALE_HOST"
        case port = "ONSALE_PORT"
        case managementHost = "ONSALE_MANAGEMENT_HOST"
        case managementPort = "ONSALE_MANAGEMENT_PORT"
        case data = "ONSALE_DATA"
        case databaseURL = "DATABASE_URL"
        case migrate = "ONSALE_MIGRATE"
        case nodeName = "ONSALE_NODE_NAME"
        case nodeURL = "ONSALE_NODE_URL"
        case roles = "ONSALE_ROLES"
        case redisURL = "ONSALE_REDIS_URL"
        case demo = "ONSALE_DEMO"
        case acceptClock = "ONSALE_ACCEPT_CLOCK"
        case publicURL = "ONSALE_PUBLIC_URL"
        case adminToken = "ONSALE_ADMIN_TOKEN"
        case doorToken = "ONSALE_DOOR_TOKEN"
        case login = "ONSALE_LOGIN"
        case loginJWKS = "ONSALE_LOGIN_JWKS"
        case loginIssuer = "ONSALE_LOGIN_ISSUER"
        case loginAudience = "ONSALE_LOGIN_AUDIENCE"
        case joinChallenge = "ONSALE_JOIN_CHALLENGE"
        case trustedProxies = "ONSALE_TRUSTED_PROXIES"
        case connectionsPerAddress = "ONSALE_CONNECTIONS_PER_ADDRESS"
        case limitLoopback = "ONSALE_LIMIT_LOOPBACK"
        case streams = "ONSALE_STREAMS"
        case pages = "ONSALE_PAGES"
        case paymentURL = "ONSALE_PAYMENT_URL"
        case paymentSecretKey = "ONSALE_PAYMENT_SECRET_KEY"
        case paymentWebhookURL = "ONSALE_PAYMENT_WEBHOOK_URL"
        case paymentWebhookSecret = "ONSALE_PAYMENT_WEBHOOK_SECRET"
        case logLevel = "ONSALE_LOG_LEVEL"
        case logFormat = "ONSALE_LOG_FORMAT"
        case metrics = "ONSALE_METRICS"
        case smtpURL = "ONSALE_SMTP_URL"
        case mailFrom = "ONSALE_MAIL_FROM"
        case eligibilitySecret = "ONSALE_ELIGIBILITY_SECRET"
        case webhookPrivate = "ONSALE_WEBHOOK_PRIVATE"
        case organizerMail = "ONSALE_ORGANIZER_MAIL"
        case fees = "ONSALE_FEES"
        case timeZone = "ONSALE_TIME_ZONE"

        /// Whether the value must never be shown.
        var isSecret: Bool {
            switch self {
            case .databaseURL, .redisURL, .adminToken, .doorToken, .paymentSecretKey, .paymentWebhookSecret, .smtpURL,
                .eligibilitySecret:
                true
            default: false
            }
        }

        /// The library separates words where the environment has underscores.
        fileprivate var key: AbsoluteConfigKey {
            AbsoluteConfigKey(rawValue.lowercased().split(separator: "_").map(String.init))
        }
    }

    private let reader: ConfigReader

    /// - Parameter typed: values from the command line.
    init(typed: [Name: String?] = [:]) {
        let values = typed.compactMapValues { $0 }.map { name, value in
            (name.key, ConfigValue(.string(value), isSecret: name.isSecret))
        }
        reader = ConfigReader(providers: [
            InMemoryProvider(name: "command line", values: Dictionary(uniqueKeysWithValues: values)),
            EnvironmentVariablesProvider(
                secretsSpecifier: .specific(Set(Name.allCases.filter(\.isSecret).map(\.rawValue)))),
        ])
    }

    /// A setting's value; nil if unset.
    func text(_ name: Name) -> String? {
        let key = ConfigKey(name.key.components)
        return reader.string(forKey: key, isSecret: name.isSecret).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Each setting as an operator may see it, and those of OpenTelemetry that are set: a secret is merely said to be
    /// set. nil where the default holds.
    var shown: [(name: String, value: String?)] {
        let own = Name.allCases.map { name in
            (name.rawValue, text(name).map { name.isSecret ? "set" : Settings.withoutPassword($0) })
        }
        let standard = ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("OTEL_") }
            .sorted { $0.key < $1.key }
            .map { name, value in
                let isOpaque = name.hasSuffix("_HEADERS") || name.hasSuffix("_ATTRIBUTES")
                return (name, isOpaque ? "set" : Settings.withoutPassword(value))
            }
        return own + standard
    }

    /// A URL may carry credentials, before its host or in its query.
    private static func withoutPassword(_ text: String) -> String {
        guard text.contains("@") || text.contains("?") else { return text }
        guard var parts = URLComponents(string: text), parts.scheme != nil, parts.host != nil else { return "set" }
        parts.user = nil
        parts.password = nil
        parts.query = nil
        return parts.string ?? "set"
    }

    /// - Throws: ``SetupError`` for a word that could be meant either way.
    func flag(_ name: Name, default fallback: Bool = false) throws(SetupError) -> Bool {
        guard let text = text(name) else { return fallback }
        switch text.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw SetupError("\(name.rawValue) is true or false, not “\(text)”.")
        }
    }

    /// - Throws: ``SetupError`` unless it is a number within the range.
    func number(_ name: Name, in range: ClosedRange<Int>, default fallback: Int) throws(SetupError) -> Int {
        guard let text = text(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw SetupError("\(name.rawValue) must be a number \(bounds), not “\(text)”.")
        }
        return number
    }
}

extension FileHandle {
    /// Writes a line to standard output.
    static func printLine(_ line: String) {
        try? standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }

    static func printError(_ line: String) {
        try? standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
