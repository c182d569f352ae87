import CPostgres

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where a database is and how to reach it. Its description can be logged: it has no password.
package struct PostgresConfiguration: Sendable, CustomStringConvertible {
    /// `postgresql://user@host:port/database`, as far as known.
    package let description: String
    /// How long a new connection may take, all addresses together. libpq looks names up by itself before that.
    package var connectLimit: Duration = .seconds(10)
    /// How long the server lets one of our statements run.
    package var statementLimit: Duration = .seconds(60)
    /// How long a statement may wait for a lock.
    package var lockLimit: Duration = .seconds(3)
    private let url: String
    private let name: String
    private let password: String?

    /// A database.
    /// - Parameters:
    ///   - url: a connection string of libpq, as a URI (`postgresql://…`) or in keywords (`host=… dbname=…`). libpq takes
    ///     what is missing from the `PG*` variables, the service file and the password file; all of it if this is empty.
    ///   - name: what the sessions are called in `pg_stat_activity`; 63 bytes of it.
    /// - Throws: ``PostgresError`` if it isn't a connection string; without any part of it, since that could be the
    ///   password.
    package init(url: String, name: String = "onsale") throws {
        self.url = url
        self.name = name
        // A string with neither would be taken for the name of a database.
        let isURI = ["postgresql://", "postgres://"].contains { url.hasPrefix($0) }
        guard url.isEmpty || isURI || url.contains("=") else { throw PostgresConfiguration.malformed }
        var reason: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &reason)
        if let reason { PQfreemem(reason) }
        guard let options else { throw PostgresConfiguration.malformed }
        defer { PQconninfoFree(options) }
        var given: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        password = given["password"].flatMap { $0.isEmpty ? nil : $0 }
        let user = given["user"].map { "\($0)@" } ?? ""
        let port = given["port"].map { ":\($0)" } ?? ""
        description =
            "postgresql://\(user)\(given["host"] ?? given["hostaddr"] ?? "")\(port)/\(given["dbname"] ?? "")"
    }

    private static let malformed = PostgresError(
        .notSent,
        "the database's URL is neither a URI (postgresql://user@host:5432/database) nor keywords (host=… dbname=…)")

    /// Begins to connect. nil if there is no memory.
    func start() -> OpaquePointer? {
        // What stands before the URL is a default, what stands after it is not to be changed. A peer that is gone is
        // noticed within seconds, while connecting too, so that libpq goes on to the next of several hosts.
        let options: [(String, String)] = [
            ("target_session_attrs", "read-write"), ("keepalives_idle", "5"), ("keepalives_interval", "2"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "5000"),
            ("dbname", url), ("client_encoding", "UTF8"), ("application_name", name),
        ]
        let keywords = options.map { strdup($0.0) }
        let values = options.map { strdup($0.1) }
        defer { for string in keywords + values { free(string) } }
        return PQconnectStartParams(
            keywords.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
    }

    /// What every session is told first.
    var sessionSQL: String {
        // What was answered must survive, so nobody may turn that off for the database while nodes run. The last three end
        // a session, and free its locks, soon after its client has vanished.
        """
        SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
        SET statement_timeout = \(statementLimit.milliseconds);
        SET lock_timeout = \(lockLimit.milliseconds);
        SET idle_in_transaction_session_timeout = \(statementLimit.milliseconds);
        SET idle_session_timeout = 0;
        SET client_min_messages = warning;
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
        SET client_connection_check_interval = 2000;
        SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
        SET tcp_user_timeout = 10000
        """
    }

    /// libpq's words in one line, without the password.
    func redact(_ message: UnsafePointer<CChar>?) -> String {
        let text = message.map { String(cString: $0) } ?? ""
        let line = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
        guard let password else { return line }
        return line.replacing(password, with: "…")
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
