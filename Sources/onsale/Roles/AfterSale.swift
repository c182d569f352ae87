import Logging
import OnsaleAccounts
import OnsaleBus
import OnsaleDocuments
import OnsaleEngine
import OnsaleHTTP
import OnsaleKafka
import OnsaleMigrations
import OnsaleRelay
import OnsaleSettlement
import OnsaleTables
import OnsaleWebhooks

/// What follows a sale, as far as this process does it: the bus, the relay that tells it what has happened, services.
struct AfterSale: Sendable {
    let bus: any EventBus
    /// nil where nothing is sold.
    let relay: OrderRelay?
    let roles: [any ServiceRole]
    /// nil where no mail is sent and nobody signs in.
    let mail: MailKit?
    /// nil where buyers don't sign in by mailed codes.
    let codes: SignInByMail?
    /// nil where nobody is told what happens, and nobody manages that.
    let webhooks: WebhooksRole?
    /// nil where nothing is booked, and nobody asks.
    let settlement: SettlementRole?
    /// nil where nobody is served.
    let accounts: StaffAccounts?
    private let relayTables: (any Tables)?
    /// What roles leave behind when they have ended.
    private let closings: [@Sendable () async -> Void]
    private let tables: [any Tables]

    /// What it is made of.
    struct Parts: Sendable {
        let settings: RoleSettings
        let choices: ServiceChoices
        let place: TablePlace
        /// Whether tables are brought up to date; otherwise those that aren't are refused.
        let migrates: Bool
        /// Of what is sold here; nil where nothing is.
        let journal: (any EventStore)?
        /// What the provider lists.
        let statement: any ProviderStatement
        let barcode: OrderMessages.Barcode
        /// What services seal and sign with.
        let secret: String
        let publicURL: String
        /// Whether buyers and organizers are served here, also at the edge: then addresses are kept, and what services
        /// have is shown.
        let isServer: Bool
        /// Whether they do so by mailed codes.
        let mailsCodes: Bool
    }

    /// Opens what the roles need. Blocks.
    /// - Throws: ``SetupError``, errors of the database.
    init(_ parts: Parts) throws {
        // All of them, so that nothing is pending that only another setting would use.
        if parts.isServer, parts.migrates {
            try parts.place.forEachService(isReadOnly: false) { _ = try $0.migrate() }
        }
        var tables: [String: any Tables] = [:]
        func open(_ name: String) throws -> any Tables {
            if let known = tables[name] { return known }
            let opened = try parts.place.open(name, migrates: parts.migrates)
            tables[name] = opened
            return opened
        }
        if let kafka = parts.settings.kafka {
            bus = try KafkaBus(kafka, logger: Logger(label: "onsale.bus"))
        } else {
            bus = TableBus(try open("bus"))
        }
        if let journal = parts.journal {
            let own = try open("relay")
            relayTables = own
            relay = OrderRelay(
                journal: journal, tables: own, bus: bus, messages: OrderMessages(barcode: parts.barcode),
                logger: Logger(label: "onsale.relay"))
        } else {
            relayTables = nil
            relay = nil
        }
        let services = parts.settings.services
        var roles: [any ServiceRole] = []
        var documents: DocumentsRole?
        if services.contains(.documents) {
            let role = DocumentsRole(
                tables: try open("documents"), bus: bus, logger: Logger(label: "onsale.documents"))
            documents = role
            roles.append(role)
        }
        // Where buyers sign in addresses are kept, and codes sent by way of the mail service's tables. So is what is
        // mailed about webhooks.
        if parts.isServer || !services.isDisjoint(with: [.mail, .webhooks]) {
            let kit = try MailKit(
                parts.choices.mail, open: open, secret: parts.secret, bus: bus, documents: documents,
                publicURL: parts.publicURL)
            mail = kit
            codes = parts.mailsCodes ? kit.codes(try open("signin"), secret: parts.secret) : nil
            if services.contains(.mail) { roles.append(kit.role) }
            let webhooks = try parts.choices.webhooks.role(
                tables: try open("webhooks"), bus: bus, secret: parts.secret, mail: kit)
            if services.contains(.webhooks) { roles.append(webhooks) }
            self.webhooks = webhooks
        } else {
            (mail, codes, webhooks) = (nil, nil, nil)
        }
        if parts.isServer || services.contains(.settlement) {
            let settlement = parts.choices.settlement.role(
                tables: try open("settlement"), bus: bus, statement: parts.statement)
            if services.contains(.settlement) { roles.append(settlement) }
            self.settlement = settlement
        } else {
            settlement = nil
        }
        accounts = parts.isServer ? StaffAccounts(try open("accounts")) : nil
        var closings: [@Sendable () async -> Void] = []
        if services.contains(.eligibility) {
            let (role, close) = try parts.choices.eligibility.role(
                tables: try open("eligibility"), bus: bus, secret: parts.secret)
            roles.append(role)
            closings.append(close)
        }
        self.roles = roles
        self.closings = closings
        self.tables = Array(tables.values)
    }

    /// What services have said of orders; nil where nothing is sold.
    var notes: FulfilmentNotes? { relayTables.map(FulfilmentNotes.init) }

    /// Works until ``Work/stop()``.
    /// - Parameter engine: what sells; nil where nothing does.
    func begin(_ engine: Engine?) -> Work {
        var fulfilment: FulfilmentRole?
        if let engine, let relayTables {
            fulfilment = FulfilmentRole(
                engine, tables: relayTables, bus: bus, logger: Logger(label: "onsale.fulfilment"))
        }
        let roles: [any ServiceRole] = [fulfilment].compactMap(\.self) + roles
        return Work(
            task: Task {
                await withDiscardingTaskGroup { group in
                    if let engine, let relay { group.addTask { await relay.run(engine) } }
                    for role in roles { group.addTask { await role.run() } }
                }
            }, sale: self, roles: roles)
    }

    /// What has begun.
    struct Work: ServicePictures {
        fileprivate let task: Task<Void, Never>
        fileprivate let sale: AfterSale
        fileprivate let roles: [any ServiceRole]

        var mails: (any MailShelf)? { sale.roles.contains { $0.name == "mail" } ? sale.mail?.role : nil }

        func pictures() -> [ServicePicture] {
            let relay = sale.relay.map { relay in
                ServicePicture(name: "relay", counts: ["behind": Int(clamping: relay.behind)], trouble: relay.trouble)
            }
            return [relay].compactMap(\.self)
                + roles.map { ServicePicture(name: $0.name, counts: $0.counts, trouble: $0.trouble) }
        }

        /// Ends it. What isn't finished comes again at the next start.
        func stop() async {
            task.cancel()
            await task.value
            for close in sale.closings { await close() }
            await sale.bus.close()
            for tables in sale.tables { await tables.close() }
        }
    }
}
