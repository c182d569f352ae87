package import Logging
package import OnsaleBus
package import OnsaleTables

/// Books what the sale says about money, and compares it with what the provider lists.
package struct SettlementRole: ServiceRole {
    package var name: String { desk.service.name }

    /// What the administrator's settlement shows.
    package let reports: SettlementReports
    private let desk: ServiceDesk
    private let reader: StatementReader?

    /// - Parameters:
    ///   - tables: of its own, with `db/services/settlement`.
    ///   - statement: the provider's list; nil if nobody keeps one, and then everything counts as missing there.
    package init(
        tables: any Tables, bus: any EventBus, statement: (any ProviderStatement)?,
        configuration: SettlementConfiguration, logger: Logger
    ) {
        desk = ServiceDesk(
            SettlementService(fees: configuration.fees, offset: configuration.offset), tables: tables, bus: bus,
            logger: logger)
        reports = SettlementReports(tables: tables, configuration: configuration)
        reader = statement.map {
            StatementReader(tables: tables, statement: $0, configuration: configuration, logger: logger)
        }
    }

    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await desk.run() }
            if let reader { group.addTask { await reader.run() } }
        }
    }

    /// As of the last reading: lines of the provider, places where book and list differ, payments that the book doesn't
    /// know; and how many readings this process has made.
    package var counts: [String: Int] {
        guard let now = reader?.now else { return [:] }
        return [
            "lines": now.comparison.lines, "differences": now.comparison.differences,
            "strangers": now.comparison.strangers, "readings": now.readings,
        ]
    }

    package var trouble: String? { desk.trouble ?? reader?.trouble }
}
