/// Why a call to PostgreSQL failed.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What is known of the request.
    package enum Outcome: Sendable {
        /// The server has not got it: nothing was changed, and the same may be tried again.
        case notSent
        /// It was sent, and no answer came. It may have been done, may be done later, or never.
        case unknown
        /// The server has refused it and rolled it back.
        case refused
    }

    package let outcome: Outcome
    /// The five characters of SQLSTATE (PostgreSQL's Appendix A), where the server has said why.
    package let sqlState: String?
    /// In one line, without passwords.
    package let message: String

    package init(_ outcome: Outcome, sqlState: String? = nil, _ message: String) {
        self.outcome = outcome
        self.sqlState = sqlState
        self.message = message
    }

    package var description: String {
        sqlState.map { "\(message) (SQLSTATE \($0))" } ?? message
    }

    /// The same, of a request that changes nothing: whether it arrived doesn't matter.
    var ofPreparation: PostgresError {
        outcome == .unknown ? PostgresError(.notSent, sqlState: sqlState, message) : self
    }
}

extension PostgresError {
    /// No room for data.
    package var isDiskFull: Bool { sqlState == "53100" }
    /// A row with this key is there already.
    package var isUniqueViolation: Bool { sqlState == "23505" }
    /// Another transaction held a lock for too long.
    package var isLockTimeout: Bool { sqlState == "55P03" }
    /// The server as a whole can't do it now, whatever the rows: it is short of something, has been told to stop, or is
    /// read-only.
    package var isOfServer: Bool {
        guard let sqlState else { return true }
        return ["08", "25", "53", "57", "58"].contains { sqlState.hasPrefix($0) }
    }
}
