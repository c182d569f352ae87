import Logging
import OnsaleTables
import OnsaleValues
import Synchronization

/// Reads the provider's list now and then, page by page, and compares the last days with the book.
///
/// One process at a time reads. What a reading that broke off has kept stays; the next one begins where the last whole
/// one did, so that nothing in between is missed.
final class StatementReader: Sendable {
    /// How often to look whether a reading is due.
    private static let lookSeconds = 1
    private static let pauseSecondsMax = 60
    /// The most events compared at a time, and lines of nobody looked for.
    private static let eventsMax = 100
    private static let strangersMax = 1000

    /// Somebody else took the reading over.
    private struct TakenOver: Error {}

    struct Standing: Sendable {
        var comparison = SettlementReading.Comparison()
        var readings = 0
        var error: String?
    }

    private let tables: any Tables
    private let statement: any ProviderStatement
    private let configuration: SettlementConfiguration
    private let logger: Logger
    /// Tells this one from all others, for ever.
    private let holder: String
    private let standing = Mutex(Standing())

    init(
        tables: any Tables, statement: any ProviderStatement, configuration: SettlementConfiguration, logger: Logger
    ) {
        self.tables = tables
        self.statement = statement
        self.configuration = configuration
        self.logger = logger
        holder = String(UInt64.random(in: 0 ... .max), radix: 36) + String(UInt64.random(in: 0 ... .max), radix: 36)
    }

    var now: Standing { standing.withLock { $0 } }

    var trouble: String? {
        standing.withLock { standing in
            if let error = standing.error { return "the provider's list can't be read or compared: \(error)" }
            let (differences, strangers) = (standing.comparison.differences, standing.comparison.strangers)
            guard differences + strangers > 0 else { return nil }
            return "the book and the provider's list differ in \(differences) places, and the provider lists "
                + "\(strangers) payments that the book doesn't know"
        }
    }

    /// Works until the task is cancelled.
    func run() async {
        var failures = 0
        // What was read is compared, however often that fails here.
        var isToBeCompared = false
        while !Task.isCancelled {
            do {
                if try await readIfDue() { isToBeCompared = true }
                if isToBeCompared {
                    try await compare()
                    isToBeCompared = false
                    standing.withLock { $0.readings += 1 }
                }
                // Another process may have compared.
                let comparison = try await tables.read { try SettlementReading($0).comparison() }
                failures = 0
                standing.withLock { ($0.comparison, $0.error) = (comparison, nil) }
                try? await Task.sleep(for: .seconds(StatementReader.lookSeconds))
            } catch is TakenOver {
                logger.notice("Another process reads the provider's list")
            } catch {
                if !Task.isCancelled { note(error, after: failures) }
                failures += 1
                try? await Task.sleep(for: .seconds(min(StatementReader.pauseSecondsMax, 1 << min(failures, 6))))
            }
        }
    }

    private func note(_ error: any Error, after failures: Int) {
        logger.warning(
            "The provider's list couldn't be read or compared; it is tried again",
            metadata: ["error": "\(error)", "failures": "\(failures)"])
        standing.withLock { $0.error = "\(error)" }
    }

    /// - Returns: whether a reading was due and has come to its end.
    private func readIfDue() async throws -> Bool {
        let overlap = Int64(configuration.overlapSeconds) * 1000
        // Far beyond all that anybody writes.
        let horizon = 2 * 1000 * Int64(max(configuration.leaseSeconds, configuration.readEverySeconds))
        let lease = Int64(configuration.leaseSeconds) * 1000
        let span = try await tables.write { [tables, holder] session in
            let now = try tables.now(in: session)
            return try SettlementReading(session).begin(
                holder, at: now, until: now + lease, horizon: now + horizon, overlap: overlap)
        }
        guard let span else { return false }
        do {
            try await statement.read(since: span.from / 1000) { [self] lines in
                try Task.checkCancellation()
                try await keep(lines, lease: lease)
            }
        } catch {
            try? await tables.write { [tables, holder] session in
                try SettlementReading(session).end(holder, dueAt: try tables.now(in: session))
            }
            throw error
        }
        let pause = Int64(configuration.readEverySeconds) * 1000
        try await tables.write { [tables, holder] session in
            try SettlementReading(session).finish(span, by: holder, dueAt: try tables.now(in: session) + pause)
        }
        return true
    }

    private func keep(_ lines: [ProviderLine], lease: Int64) async throws {
        try await tables.write { [tables, holder] session in
            let until = try tables.now(in: session) + lease
            guard try SettlementReading(session).goesOn(holder, until: until) else { throw TakenOver() }
            try SettlementStore(session).keep(lines)
        }
    }

    /// Compares the last days of all events that have any.
    private func compare() async throws {
        let now = configuration.now()
        let first = SettlementDay(now.adding(seconds: -86_400 * (configuration.comparedDays - 1)), offsetSeconds: 0)
        var (differences, after) = (0, "")
        while true {
            try Task.checkCancellation()
            let events = try await tables.read { [after] session in
                try SettlementStore(session).events(since: first, after: after, limit: StatementReader.eventsMax)
            }
            for event in events { differences += try await compare(event, since: first) }
            guard let last = events.last else { break }
            after = last
        }
        let pending = 86_400 * configuration.pendingDays
        let strangers = try await tables.read { session in
            try SettlementStore(session).strangers(
                since: Timestamp(milliseconds: first.midnight), before: now.adding(seconds: -pending),
                limit: StatementReader.strangersMax)
        }
        try await tables.write { [differences] session in
            try SettlementReading(session).note(
                .init(
                    lines: try SettlementStore(session).lineCount(), differences: differences,
                    strangers: strangers.count))
        }
    }

    /// - Returns: how much differs, but for what may still come.
    private func compare(_ event: String, since first: SettlementDay) async throws -> Int {
        guard let period = SettlementReports.Period(from: first.description, to: nil) else { return 0 }
        let settlement = try await SettlementReports(tables: tables, configuration: configuration).settlement(
            of: event, period)
        let count = settlement.differences.count { $0.name != .late }
        if count > 0 {
            logger.warning(
                "The book and the provider's list differ", metadata: ["event": "\(event)", "differences": "\(count)"])
        }
        return count
    }
}
