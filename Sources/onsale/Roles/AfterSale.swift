import Logging
import OnsaleBus
import OnsaleDocuments
import OnsaleEngine
import OnsaleHTTP
import OnsaleKafka
import OnsaleRelay
import OnsaleTables

/// What follows a sale, as far as this process does it: the bus, the relay that tells it what has happened, services.
struct AfterSale: Sendable {
    let bus: any EventBus
    /// nil where nothing is sold.
    let relay: OrderRelay?
    let roles: [any ServiceRole]
    private let relayTables: (any Tables)?
    private let tables: [any Tables]

    /// Opens what the roles need. Blocks.
    /// - Parameter journal: of what is sold here; nil where nothing is.
    /// - Throws: ``SetupError``, errors of the database.
    init(
        _ settings: RoleSettings, at place: TablePlace, migrates: Bool, journal: (any EventStore)?,
        barcode: @escaping OrderMessages.Barcode, logger: Logger
    ) throws {
        var tables: [any Tables] = []
        func open(_ name: String) throws -> any Tables {
            let opened = try place.open(name, migrates: migrates)
            tables.append(opened)
            return opened
        }
        if let kafka = settings.kafka {
            bus = try KafkaBus(kafka, logger: Logger(label: "onsale.bus"))
        } else {
            bus = TableBus(try open("bus"))
        }
        if let journal {
            let own = try open("relay")
            relayTables = own
            relay = OrderRelay(
                journal: journal, tables: own, bus: bus, messages: OrderMessages(barcode: barcode),
                logger: Logger(label: "onsale.relay"))
        } else {
            relay = nil
            relayTables = nil
        }
        var roles: [any ServiceRole] = []
        if settings.services.contains(.documents) {
            roles.append(
                DocumentsRole(
                    tables: try open("documents"), bus: bus, logger: Logger(label: "onsale.documents")))
        }
        self.roles = roles
        self.tables = tables
    }

    /// Works until ``Work/stop()``.
    /// - Parameter engine: what sells; nil where nothing does.
    func begin(_ engine: Engine?) -> Work {
        Work(
            task: Task {
                await withDiscardingTaskGroup { group in
                    if let engine, let relay { group.addTask { await relay.run(engine) } }
                    if let engine, let relayTables {
                        let fulfilment = FulfilmentRole(
                            engine, tables: relayTables, bus: bus, logger: Logger(label: "onsale.fulfilment"))
                        group.addTask { await fulfilment.run() }
                    }
                    for role in roles { group.addTask { await role.run() } }
                }
            }, sale: self)
    }

    /// What has begun.
    struct Work: ServicePictures {
        fileprivate let task: Task<Void, Never>
        fileprivate let sale: AfterSale

        var mails: (any MailShelf)? { nil }

        func pictures() -> [ServicePicture] {
            let relay = sale.relay.map { relay in
                ServicePicture(name: "relay", counts: ["behind": Int(clamping: relay.behind)], trouble: relay.trouble)
            }
            return [relay].compactMap(\.self)
                + sale.roles.map { ServicePicture(name: $0.name, counts: $0.counts, trouble: $0.trouble) }
        }

        /// Ends it. What isn't finished comes again at the next start.
        func stop() async {
            task.cancel()
            await task.value
            await sale.bus.close()
            for tables in sale.tables { await tables.close() }
        }
    }
}
