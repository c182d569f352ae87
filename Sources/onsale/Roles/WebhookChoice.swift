import Crypto
import Logging
import OnsaleBus
import OnsaleMail
import OnsaleTables
import OnsaleWebhooks

/// How organizers' programs are told what happens.
struct WebhookChoice: Sendable {
    /// Who is told that an endpoint was switched off; nil for the log alone.
    let organizer: MailAddress?
    /// Whether endpoints may be at private and loopback addresses.
    let allowsPrivate: Bool

    init(_ settings: Settings) throws(SetupError) {
        allowsPrivate = try settings.flag(.webhookPrivate)
        organizer = try settings.text(.organizerMail).map { text throws(SetupError) in
            guard let address = MailAddress(text) else {
                throw SetupError("ONSALE_ORGANIZER_MAIL is an address, as organizer@example.com, not “\(text)”.")
            }
            return address
        }
    }

    func role(tables: any Tables, bus: any EventBus, secret: String, mail: MailKit) throws -> WebhooksRole {
        let key = Array(SHA256.hash(data: Array(("webhooks " + secret).utf8)))
        guard let seal = SecretSeal(key: key) else { throw SetupError("the services' key is no key.") }
        var configuration = WebhooksConfiguration(seal: seal)
        configuration.reach = allowsPrivate ? .everything : .isPublic
        return try WebhooksRole(
            tables: tables, bus: bus, configuration: configuration,
            switchedOff: { [organizer] endpoint, reason in
                guard let organizer else { return }
                try await mail.tell(organizer, endpoint.url, endpoint.id.text, isOffSince: reason)
            }, logger: Logger(label: "onsale.webhooks"))
    }
}

extension MailKit {
    fileprivate func tell(
        _ organizer: MailAddress, _ url: String, _ endpoint: String, isOffSince reason: SwitchOff
    ) async throws {
        let why: EndpointOff.Reason =
            switch reason {
            case .gone: .gone
            case .failing: .failing
            case .backlog: .backlog
            }
        try await contacts.put(Contact(address: organizer, language: .korean), of: MailRole.organizer)
        try await role.endpointOff(EndpointOff(endpoint: endpoint, url: url, reason: why))
    }
}
