/// A database with a history of migrations.
///
/// The history's own SQL is the same everywhere (``HistoryTable``); this is what differs.
package protocol MigrationDatabase {
    /// What the operator calls it. Never with a password.
    var place: String { get }
    var session: any SQLSession { get }
    /// The history's table, quoted, and what its rows' time is by default.
    var table: HistoryTable { get }

    /// Whether the history's table exists.
    func hasHistory() throws -> Bool

    /// Runs `body` in a transaction of its own, which only one process at a time is in, and which is rolled back if it
    /// throws.
    /// - Throws: ``MigrationError`` of code `busy` if the others don't come to an end; what `body` throws.
    func exclusively<Value>(_ body: () throws -> Value) throws -> Value

    /// Some tables where there is no history yet, and which are not ours; empty where ours may be older than the
    /// history.
    func strangers() throws -> [String]

    /// Who migrates.
    func installer() throws -> String
}
