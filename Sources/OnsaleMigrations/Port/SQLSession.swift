/// One connection to a database, used by one thread at a time. Its calls block, within a limit of its own.
package protocol SQLSession {
    /// Executes one or more statements.
    func execute(_ sql: String) throws

    /// Executes one statement with parameters as text (`$1`, `$2` …), nil for NULL.
    /// - Returns: its rows, each value as text, nil for NULL.
    func rows(_ sql: String, _ parameters: [String?]) throws -> [[String?]]
}
