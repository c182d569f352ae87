public import Logging
public import OnsaleEngine
package import OnsalePostgres
public import OnsaleValues

/// The journal in PostgreSQL, which several nodes share.
///
/// A commit returns once the server has it on disk. A few threads write, each with a connection of its own, so several
/// batches may be under way; other connections read. The tables come from `db/migration`.
public final class PostgresJournal: EventStore {
    let pool: PostgresPool
    private let writers: JournalWriters?
    private let appendLimit: Duration

    /// How long reading a page, a head or a small document may take, waiting for a connection included.
    static let readLimit = Duration.seconds(10)
    /// The same for snapshots and documents, of many megabytes.
    static let largeLimit = Duration.seconds(60)

    /// Connects, and looks whether a journal may be kept there. The tables must be there by now.
    /// - Parameters:
    ///   - writers: how many batches may be under way; 0 for a journal that is only read, wherever it is kept.
    ///   - readers: how many connections read, or claim, at a time.
    ///   - appendLimit: how long a batch may take before its outcome counts as unknown.
    ///   - logger: told what the server says of itself.
    /// - Throws: ``JournalError/unreadable(_:)`` with a ``PostgresError``.
    package init(
        _ configuration: PostgresConfiguration, writers: Int = 3, readers: Int = 4,
        appendLimit: Duration = .seconds(5), logger: Logger
    ) throws {
        pool = PostgresPool(configuration, size: readers)
        self.appendLimit = appendLimit
        do {
            let check = try pool.withConnection(by: .after(configuration.connectLimit)) { connection in
                try PostgresCheck(connection, by: .after(PostgresJournal.readLimit))
            }
            let database = Logger.MetadataValue.dictionary(check.facts.mapValues { .string($0) })
            logger.info("Connected to PostgreSQL", metadata: ["url": "\(configuration)", "server": database])
            for warning in check.warnings + (writers == 0 ? check.refusals : []) {
                logger.warning("PostgreSQL is set up in a risky way", metadata: ["reason": "\(warning)"])
            }
            if writers > 0, !check.refusals.isEmpty {
                throw PostgresError(.refused, check.refusals.joined(separator: "; "))
            }
        } catch {
            pool.close()
            throw PostgresJournal.translate(error)
        }
        self.writers = writers > 0 ? JournalWriters(configuration, count: writers, limit: appendLimit) : nil
        self.writers?.start()
    }

    /// Connects to the database at a URL, as `DATABASE_URL` has it. The tables must be there by now.
    /// - Throws: `PostgresError` if the URL can't be understood, ``JournalError/unreadable(_:)`` if the database can't be
    ///   used.
    public convenience init(url: String, logger: Logger) throws {
        try self.init(PostgresConfiguration(url: url), logger: logger)
    }

    /// Keys and hashes that all nodes share.
    package var secrets: PostgresSecrets { PostgresSecrets(pool) }

    public var batchesMax: Int { writers?.count ?? 1 }

    public func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void) {
        if rows.isEmpty { return done([]) }
        guard let writers else {
            let outcome = AppendOutcome.unavailable(PostgresError(.notSent, "the journal was opened for reading"))
            return done(rows.map { _ in outcome })
        }
        writers.append(rows, done: done)
    }

    public func claim(_ row: JournalRow, owner: NodeID) -> AppendOutcome {
        // An epoch of 0 is nobody's.
        guard row.epoch > 0 else { return .notAtHead }
        var values = PostgresValues()
        values.add(row.partition)
        values.add(Int64(bitPattern: row.sequence))
        values.add(row.time.milliseconds)
        values.add(Int64(row.count))
        values.add(row.payload)
        values.add(row.checksum)
        values.add(Int64(bitPattern: row.epoch))
        values.add(owner.description)
        let statement = row.sequence > 1 ? JournalSQL.claim : JournalSQL.found
        let deadline = Deadline.after(appendLimit)
        while true {
            do {
                let written = try pool.withConnection(by: deadline) { try $0.run(statement, values, by: deadline) }
                return written.count == 1 ? .committed : .notAtHead
            } catch let error as PostgresError {
                // Nothing was sent over a connection that had died; the next one is new.
                if error.outcome == .notSent, !deadline.hasPassed, !pool.isClosed { continue }
                return AppendBatch.outcome(of: error)
            } catch {
                return .unknown(error)
            }
        }
    }

    public func close() throws {
        writers?.close()
        pool.close()
    }

    // MARK: Errors

    /// Tells a full disk, which may have room later, from other errors.
    static func translate(_ error: any Error) -> any Error {
        guard let error = error as? PostgresError else { return error }
        return error.isDiskFull ? JournalError.full : JournalError.unreadable(error)
    }

    /// Runs what may be run again if the connection breaks.
    func translating<Value>(
        within limit: Duration = readLimit, _ body: (PostgresConnection, Deadline) throws -> Value
    ) throws -> Value {
        let deadline = Deadline.after(limit)
        do {
            return try pool.withRepeats(by: deadline) { try body($0, deadline) }
        } catch {
            throw PostgresJournal.translate(error)
        }
    }
}
