package import OnsaleTables
import OnsaleValues

/// What `GET /v1/events/{event}/settlement` answers.
package struct SettlementReports: Sendable {
    /// The days that somebody asks for; nil for all before or after.
    package struct Period: Hashable, Sendable {
        let from: SettlementDay?
        let to: SettlementDay?

        /// - Parameters: days as `2027-03-01`.
        /// - Returns: nil if one is no day, or the first comes after the last.
        package init?(from: String?, to: String?) {
            self.from = from.flatMap(SettlementDay.init)
            self.to = to.flatMap(SettlementDay.init)
            guard (self.from != nil) == (from != nil), (self.to != nil) == (to != nil) else { return nil }
            if let from = self.from, let to = self.to, to < from { return nil }
        }

        static let all = Period()

        private init() { (from, to) = (nil, nil) }
    }

    /// An event's days, and what differs on them. Both have a `csv`.
    package struct Settlement: Hashable, Sendable {
        package let report: SettlementReport
        package let differences: [Difference]
    }

    private let tables: any Tables
    private let configuration: SettlementConfiguration

    package init(tables: any Tables, configuration: SettlementConfiguration) {
        self.tables = tables
        self.configuration = configuration
    }

    /// An event's settlement; without days if nothing is booked.
    /// - Throws: ``SettlementError``: `full` for more than can be compared at once; errors of the tables.
    package func settlement(of event: String, _ period: Period) async throws -> Settlement {
        try await tables.read { [configuration] session in
            try SettlementReports.settlement(of: event, period, configuration, in: SettlementStore(session))
        }
    }

    static func settlement(
        of event: String, _ period: Period, _ configuration: SettlementConfiguration, in store: SettlementStore
    ) throws -> Settlement {
        let nothing = Settlement(report: try SettlementReport(posted: [:], listed: [:]), differences: [])
        let now = configuration.now()
        guard let known = try store.event(event), let all = try store.days(of: event) else { return nothing }
        // A line may be newer than all that is booked.
        let today = SettlementDay(now, offsetSeconds: configuration.offset(known.timeZone, now))
        let first = period.from ?? all.lowerBound
        let last = period.to ?? max(all.upperBound, today)
        guard first <= last else { return nothing }
        let (report, differences) = try store.settle(
            event: event, currency: known.currency, days: first...last, now: now, pendingDays: configuration.pendingDays
        ) { configuration.offset(known.timeZone, $0) }
        return Settlement(report: report, differences: differences)
    }
}
