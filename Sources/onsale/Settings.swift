import Configuration
import Foundation

/// What is wrong with how the program was set up, and what to do about it.
struct SetupError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Settings by name: what is typed wins over the environment, and an empty variable is none.
struct Settings: Sendable {
    enum Name: String, CaseIterable {
        case host = "ONSALE_HOST"
        case port = "ONSALE_PORT"
        case managementPort = "ONSALE_MANAGEMENT_PORT"
        case data = "ONSALE_DATA"
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

        /// Whether it is never to be shown.
        var isSecret: Bool {
            switch self {
            case .adminToken, .doorToken, .paymentSecretKey, .paymentWebhookSecret: true
            default: false
            }
        }

        /// The library has words where the environment has underscores.
        fileprivate var key: AbsoluteConfigKey {
            AbsoluteConfigKey(rawValue.lowercased().split(separator: "_").map(String.init))
        }
    }

    private let reader: ConfigReader

    /// - Parameter typed: what stands on the command line.
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

    /// What a setting is set to; nil for nothing.
    func text(_ name: Name) -> String? {
        let key = ConfigKey(name.key.components)
        return reader.string(forKey: key, isSecret: name.isSecret).flatMap { $0.isEmpty ? nil : $0 }
    }

    func flag(_ name: Name) -> Bool {
        ["1", "true", "yes"].contains(text(name)?.lowercased())
    }

    /// - Throws: ``SetupError`` for what is no number, or none that it may be.
    func number(_ name: Name, in range: ClosedRange<Int>, default fallback: Int) throws(SetupError) -> Int {
        guard let text = text(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "\(range.lowerBound) at least" : "from \(range.lowerBound) to \(range.upperBound)"
            throw SetupError("\(name.rawValue) is a number, \(bounds), not “\(text)”.")
        }
        return number
    }
}

extension FileHandle {
    /// A line for whoever looks at the terminal.
    static func say(_ line: String) {
        try? standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }

    static func complain(_ line: String) {
        try? standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
