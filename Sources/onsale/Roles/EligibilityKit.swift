import Crypto
import Foundation
import Logging
import OnsaleBus
import OnsaleEligibility
import OnsaleEngine
import OnsaleTables
import OnsaleValues
import OnsaleWebhooks

/// How organizers are asked about buyers.
struct EligibilityChoice: Sendable {
    /// nil for one that follows from the services' key.
    let secrets: [EligibilitySecret]?
    /// Whether endpoints may be at private and loopback addresses.
    let allowsPrivate: Bool

    init(_ settings: Settings) throws(SetupError) {
        allowsPrivate = try settings.flag(.webhookPrivate)
        guard let text = settings.text(.eligibilitySecret) else {
            secrets = nil
            return
        }
        var secrets: [EligibilitySecret] = []
        for part in text.split(separator: " ") {
            guard let secret = EligibilitySecret(String(part)) else {
                throw SetupError(
                    "ONSALE_ELIGIBILITY_SECRET is whsec_ and 24 to 64 bytes in base 64; while one replaces another, both "
                        + "with a space between: make one with echo whsec_$(openssl rand -base64 32).")
            }
            secrets.append(secret)
        }
        self.secrets = secrets
    }

    /// The role, and what to call once it has ended.
    func role(
        tables: any Tables, bus: any EventBus, secret: String
    ) throws -> (role: EligibilityRole, close: @Sendable () async -> Void) {
        let own = "whsec_" + Data(SHA256.hash(data: Array(("eligibility " + secret).utf8))).base64EncodedString()
        guard let secrets = secrets ?? EligibilitySecret(own).map({ [$0] }) else {
            throw SetupError("the services' key is no key.")
        }
        let resolver = SystemResolver()
        let allowsPrivate = allowsPrivate
        let endpoint = HTTPEligibilityEndpoint { host in
            let addresses = await resolver.addresses(of: host)
            guard allowsPrivate || addresses.allSatisfy(AddressGuard.isPublic) else { return nil }
            // One is connected to, so it is the kind that every network has.
            let plain = addresses.first { if case .v4 = $0 { true } else { false } }
            return (plain ?? addresses.first)?.description
        }
        let role = EligibilityRole(
            tables: tables, bus: bus, endpoint: endpoint,
            configuration: EligibilityConfiguration(
                secrets: secrets, now: { Timestamp(milliseconds: SystemClock.wallMilliseconds()) }),
            logger: Logger(label: "onsale.eligibility"))
        return (
            role,
            {
                await endpoint.close()
                await resolver.stop()
            }
        )
    }
}
