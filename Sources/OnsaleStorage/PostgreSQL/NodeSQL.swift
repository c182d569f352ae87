import OnsalePostgres

/// The statements of the registry of nodes.
enum NodeSQL {
    /// The first key of the advisory locks that say which nodes are connected; the second is the session's low half.
    private static let lockClass = 0x6f6e

    /// Who holds these locks in this database.
    private static let holders = """
        SELECT objid, pid FROM pg_locks
        WHERE locktype = 'advisory' AND classid = \(lockClass) AND objsubid = 2 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """

    /// Beats need not survive a crash, so they wait for no disk.
    static let session = "SET synchronous_commit = off"

    /// Ends an earlier connection of this run, which would keep the lock for as long as its network says nothing.
    static let endEarlier = PostgresStatement(
        "end_earlier",
        """
        SELECT pg_terminate_backend(pid) FROM (\(holders)) AS holder
        WHERE objid = ($1::bigint & 4294967295)::oid AND pid <> pg_backend_pid()
        """)

    /// Ends all connections of a run: the one with the lock, and those that have its name.
    static let end = PostgresStatement(
        "end",
        """
        SELECT pg_terminate_backend(pid) FROM (
            SELECT pid FROM (\(holders)) AS holder WHERE objid = ($1::bigint & 4294967295)::oid
            UNION
            SELECT pid FROM pg_stat_activity WHERE starts_with(application_name, $2::text)
                AND datname = current_database()
        ) AS session WHERE pid <> pg_backend_pid()
        """)

    static let lock = PostgresStatement("lock", "SELECT pg_try_advisory_lock(\(lockClass), $1::bigint::integer)")

    /// Registers this node, or moves its beat. No row comes back when another run that is connected has the name.
    static let beat = PostgresStatement(
        "beat",
        """
        INSERT INTO node AS mine (name, session, url, sells, beat, writer_ok, backend)
        VALUES ($1::text, $2::bigint, $3::text, $4::boolean, 1, $5::boolean, pg_backend_pid())
        ON CONFLICT (name) DO UPDATE SET session = EXCLUDED.session, url = EXCLUDED.url, sells = EXCLUDED.sells,
            writer_ok = EXCLUDED.writer_ok, backend = EXCLUDED.backend,
            beat = mine.beat + CASE WHEN EXCLUDED.writer_ok THEN 1 ELSE 0 END,
            started_at = CASE WHEN mine.session = EXCLUDED.session THEN mine.started_at ELSE now() END
        WHERE mine.session = EXCLUDED.session OR (mine.session & 4294967295)::oid NOT IN (
            SELECT objid FROM (\(holders)) AS holder)
        RETURNING beat
        """)

    /// All nodes, whether each is connected, and the oldest transaction that this doesn't see.
    static let nodes = PostgresStatement(
        "nodes",
        """
        WITH holder AS MATERIALIZED (\(holders))
        SELECT name, session, url, sells, beat, 
            CASE WHEN isfinite(started_at) THEN (extract(epoch FROM started_at) * 1000)::bigint ELSE 0 END,
            (session & 4294967295)::oid IN (SELECT objid FROM holder),
            (pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::text
        FROM node
        """)

    static let heads = PostgresStatement(
        "all_heads", "SELECT partition, last_sequence, epoch, owner, owned_at FROM journal_head")

    /// The heads that were written by that transaction or a later one.
    static let movedHeads = PostgresStatement(
        "moved_heads",
        """
        SELECT partition, last_sequence, epoch, owner, owned_at FROM journal_head WHERE age(xmin) <= age(($1::text)::xid)
        """)

    static let time = PostgresStatement("time", "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")

    static let leave = PostgresStatement(
        "leave", "DELETE FROM node WHERE name = $1::text AND session = $2::bigint")
}
