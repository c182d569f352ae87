/// What a server says of itself, judged by whether a journal may be kept there.
package struct PostgresCheck: Sendable {
    /// Why a journal must not be kept there; each a sentence that says what to do.
    package let refusals: [String]
    /// What an operator should know or change.
    package let warnings: [String]
    /// What may be logged: version, encryption, durability.
    package let facts: [String: String]

    /// Asks the server.
    /// - Throws: ``PostgresError``.
    package init(_ connection: PostgresConnection, by deadline: Deadline) throws {
        let row = try connection.rows(PostgresCheck.sql, by: deadline).first ?? []
        let names = [
            "server_version_num", "server_version", "fsync", "synchronous_commit", "full_page_writes",
            "transaction_isolation", "server_encoding", "synchronous_standby_names", "transaction_read_only",
            "in_recovery",
        ]
        var settings: [String: String] = [:]
        for (name, value) in zip(names, row) { settings[name] = value }
        self.init(settings, encryption: connection.encryption)
    }

    // What the session would have: each connection of ours turns it on.
    private static let sql = """
        SELECT current_setting('server_version_num'), current_setting('server_version'), current_setting('fsync'),
            (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'), current_setting('full_page_writes'),
            current_setting('transaction_isolation'), current_setting('server_encoding'),
            current_setting('synchronous_standby_names'), current_setting('transaction_read_only'),
            pg_is_in_recovery()
        """

    /// Judges settings, by their names in `pg_settings`.
    init(_ settings: [String: String], encryption: String?) {
        var refusals: [String] = []
        var warnings: [String] = []
        let version = settings["server_version"] ?? "unknown"
        if Int(settings["server_version_num"] ?? "") ?? 0 < 150_000 {
            refusals.append("PostgreSQL \(version) is too old: 15 or newer is needed")
        }
        if settings["fsync"] == "off" {
            refusals.append("fsync is off, so a crash loses what was answered: set fsync = on in postgresql.conf")
        }
        if settings["synchronous_commit"] == "off" {
            refusals.append(
                "synchronous_commit is off, so a crash loses what was answered: "
                    + "ALTER DATABASE … SET synchronous_commit = on")
        }
        if settings["in_recovery"] == "t" {
            refusals.append("the server is a standby, which takes no writes: connect to the primary")
        } else if settings["transaction_read_only"] == "on" {
            refusals.append("sessions are read-only: ALTER DATABASE … SET default_transaction_read_only = off")
        }
        if settings["transaction_isolation"] != "read committed" {
            refusals.append(
                "the isolation level is \(settings["transaction_isolation"] ?? "unknown") "
                    + "although our sessions ask for read committed")
        }
        if settings["server_encoding"] != "UTF8" {
            refusals.append(
                "the database's encoding is \(settings["server_encoding"] ?? "unknown"): "
                    + "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")
        }
        if settings["full_page_writes"] == "off" {
            warnings.append("full_page_writes is off: a crash can tear pages unless the file system prevents it")
        }
        // Local commits are on this server's disk, which is what we promise; the operator chose who else must have them.
        if settings["synchronous_commit"] == "local", settings["synchronous_standby_names"]?.isEmpty == false {
            warnings.append(
                "synchronous_commit is local although there are synchronous standbys: a failover can lose answers")
        }
        self.refusals = refusals
        self.warnings = warnings
        facts = [
            "version": version, "tls": encryption ?? "off",
            "synchronous_commit": settings["synchronous_commit"] ?? "unknown",
        ]
    }
}
