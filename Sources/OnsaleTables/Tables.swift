package import OnsaleMigrations

/// The tables of one service, which nobody else writes: a file in the data folder, or a schema in PostgreSQL.
///
/// One transaction at a time. Its body runs off the cooperative pool, since it blocks; it may use what SQLite and
/// PostgreSQL both understand, and parameters as text.
package protocol Tables: Sendable {
    /// SQL for the time in milliseconds since 1970, by the clock that all who use these tables share.
    var clock: String { get }

    /// Runs `body` in a transaction, which is durable when this returns.
    ///
    /// After an error either nothing has been done or, where the connection broke while committing, all of it: whoever
    /// writes again must find out which, or not mind.
    /// - Throws: ``TablesError``, what `body` throws.
    func write<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value

    /// Runs `body`, which only reads, on one state of the tables.
    /// - Throws: ``TablesError``, what `body` throws.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value

    /// Ends it. Transactions that have begun come to their end; others fail.
    func close() async
}

/// Why tables can't be used at the moment.
package enum TablesError: Error, CustomStringConvertible {
    /// So many wait for them that another one is turned away.
    case overloaded
    case closed

    package var description: String {
        switch self {
        case .overloaded: "too many wait for the service's tables"
        case .closed: "the service's tables have been closed"
        }
    }
}

extension Tables {
    /// What time it is, in milliseconds since 1970, by the clock that all who use these tables share.
    /// - Throws: errors of the session.
    package func now(in session: any SQLSession) throws -> Int64 {
        guard let now = try session.rows("SELECT \(clock)", []).first?.first?.flatMap({ Int64($0) }) else {
            throw TablesError.closed
        }
        return now
    }
}
