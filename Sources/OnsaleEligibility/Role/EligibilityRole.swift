package import Logging
package import OnsaleBus
package import OnsaleTables
package import OnsaleValues

/// How the role works.
package struct EligibilityConfiguration: Sendable {
    /// What organizers' endpoints check signatures with; while one replaces another, both.
    package var secrets: [EligibilitySecret]
    package var settings: EligibilitySettings
    /// How long the orders of a process that died wait for another one, in milliseconds.
    package var leaseMilliseconds: Int64
    package var now: @Sendable () -> Timestamp

    package init(
        secrets: [EligibilitySecret], settings: EligibilitySettings = EligibilitySettings(),
        leaseMilliseconds: Int64 = 30_000, now: @escaping @Sendable () -> Timestamp
    ) {
        precondition(leaseMilliseconds > 0, "a lease has its time")
        self.secrets = secrets
        self.settings = settings
        self.leaseMilliseconds = leaseMilliseconds
        self.now = now
    }
}

/// Asks organizers whether a buyer may have what was confirmed, and says what they answered.
package struct EligibilityRole: ServiceRole {
    package var name: String { desk.service.name }
    private let desk: ServiceDesk
    private let worker: EligibilityWorker

    /// - Parameter tables: of its own, with `db/services/eligibility`.
    package init(
        tables: any Tables, bus: any EventBus, endpoint: any EligibilityEndpoint,
        configuration: EligibilityConfiguration, logger: Logger
    ) {
        desk = ServiceDesk(EligibilityService(), tables: tables, bus: bus, logger: logger)
        worker = EligibilityWorker(desk, endpoint: endpoint, configuration: configuration, logger: logger)
    }

    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await desk.run() }
            group.addTask { await worker.run() }
        }
    }

    /// Orders without a decision, in all processes; calls under way in this one.
    package var counts: [String: Int] { ["open": worker.now.open, "calls": worker.now.calls] }

    package var trouble: String? { desk.trouble ?? worker.trouble }
}
