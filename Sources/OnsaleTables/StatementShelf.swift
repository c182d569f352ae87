import GRDB

/// Prepared statements of one connection, as many as are worth it: some SQL has numbers in it that never come again, and
/// each statement takes kilobytes.
///
/// Use it on the connection's own thread alone, and empty it before the connection is closed.
final class StatementShelf: @unchecked Sendable {
    private static let most = 128

    private var shelf: [String: (statement: Statement, usedAt: UInt64)] = [:]
    private var uses: UInt64 = 0

    var count: Int { shelf.count }

    /// - Throws: errors of SQLite, such as for SQL that isn't.
    func statement(_ sql: String, in database: Database) throws -> Statement {
        uses += 1
        if let known = shelf[sql]?.statement {
            shelf[sql]?.usedAt = uses
            return known
        }
        let statement = try database.makeStatement(sql: sql)
        if shelf.count >= StatementShelf.most {
            // Half of them, so that this is rare.
            for entry in shelf.sorted(by: { $0.value.usedAt < $1.value.usedAt }).prefix(StatementShelf.most / 2) {
                shelf[entry.key] = nil
            }
        }
        shelf[sql] = (statement, uses)
        return statement
    }

    func empty() { shelf = [:] }
}
