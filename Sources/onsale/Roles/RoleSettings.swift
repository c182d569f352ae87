import Foundation
import OnsaleKafka

/// What a process does.
enum RoleName: String, CaseIterable, Hashable, Sendable {
    case sale
    case documents
    case mail
    case webhooks
    case eligibility
    case settlement

    /// What follows a sale.
    static let services = Set(allCases).subtracting([.sale])
}

/// Which roles `onsale serve` has, and which bus they are on.
struct RoleSettings: Sendable {
    /// Empty at the edge: pages, lines and streams of what others sell.
    let roles: Set<RoleName>
    /// nil for the bus in tables.
    let kafka: KafkaConfiguration?

    var sells: Bool { roles.contains(.sale) }
    var services: Set<RoleName> { roles.intersection(RoleName.services) }

    /// Services alone.
    init(services: Set<RoleName>) throws(SetupError) {
        roles = services
        kafka = try RoleSettings.kafka(ProcessInfo.processInfo.environment)
    }

    /// As operators see it.
    var shown: String {
        if roles.isEmpty { return "edge" }
        if roles.count == RoleName.allCases.count { return "all" }
        return RoleName.allCases.filter(roles.contains).map(\.rawValue).joined(separator: ",")
    }

    init(_ settings: Settings) throws(SetupError) {
        roles = try RoleSettings.roles(settings.text(.roles) ?? "all")
        kafka = try RoleSettings.kafka(ProcessInfo.processInfo.environment)
    }

    private static func roles(_ text: String) throws(SetupError) -> Set<RoleName> {
        switch text {
        case "all": return Set(RoleName.allCases)
        case "edge": return []
        default: break
        }
        var roles: Set<RoleName> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = part.trimmingCharacters(in: .whitespaces)
            guard let role = RoleName(rawValue: name) else {
                let known = RoleName.allCases.map(\.rawValue).joined(separator: ", ")
                throw SetupError(
                    "ONSALE_ROLES is all, edge, or some of \(known), with commas; “\(name)” is none of them.")
            }
            roles.insert(role)
        }
        guard roles.contains(.sale) else {
            throw SetupError(
                "onsale serve sells, so ONSALE_ROLES must have “sale” in it. A service alone is run by onsale work NAME."
            )
        }
        return roles
    }

    /// - Returns: nil where there is no Kafka.
    static func kafka(_ environment: [String: String]) throws(SetupError) -> KafkaConfiguration? {
        do { return try KafkaConfiguration(environment: environment) } catch { throw SetupError("\(error)") }
    }

    /// What no log line may contain.
    static var kafkaSecrets: [String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            name.hasPrefix("ONSALE_KAFKA_") && (name.hasSuffix("PASSWORD") || name.hasSuffix("SECRET"))
        }.map(\.value)
    }
}
