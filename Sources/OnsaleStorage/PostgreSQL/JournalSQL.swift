import OnsalePostgres

/// The statements of the journal in PostgreSQL.
enum JournalSQL {
    /// Takes the columns of rows apart.
    private static let rows = """
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[])
            AS row (partition, sequence, recorded_at, fact_count, payload, checksum, epoch)
        """

    /// Writes the rows that follow their heads, and names their partitions. It waits for nobody: a head that someone else
    /// has locked is passed over. A head that was changed after we looked is looked at again when its lock is ours, so
    /// the condition holds for what is committed.
    static let append = PostgresStatement(
        "append",
        """
        WITH locked AS (
            SELECT row.* FROM (\(rows)) AS row JOIN journal_head AS head ON head.partition = row.partition
            WHERE head.last_sequence = row.sequence - 1 AND head.epoch = row.epoch
            FOR NO KEY UPDATE OF head SKIP LOCKED
        ), moved AS (
            UPDATE journal_head AS head SET last_sequence = locked.sequence + locked.fact_count - 1,
                checksum = locked.checksum
            FROM locked WHERE head.partition = locked.partition
            RETURNING locked.*
        )
        INSERT INTO journal (partition, sequence, recorded_at, fact_count, payload, checksum, epoch)
        SELECT partition, sequence, recorded_at, fact_count, payload, checksum, epoch FROM moved
        RETURNING partition
        """)

    /// Writes first rows, and names the partitions that had none.
    static let create = PostgresStatement(
        "create",
        """
        WITH row AS (\(rows)), made AS (
            INSERT INTO journal_head (partition, last_sequence, checksum, epoch)
            SELECT partition, sequence + fact_count - 1, checksum, epoch FROM row
            ON CONFLICT (partition) DO NOTHING RETURNING partition
        )
        INSERT INTO journal (partition, sequence, recorded_at, fact_count, payload, checksum, epoch)
        SELECT row.* FROM row JOIN made ON made.partition = row.partition
        RETURNING partition
        """)

    /// Writes a row that begins an epoch. It waits for the head's lock, then looks at what was committed.
    static let claim = PostgresStatement(
        "claim",
        """
        WITH moved AS (
            UPDATE journal_head SET last_sequence = $2::bigint + $4::bigint - 1, checksum = $6::bytea,
                epoch = $7::bigint, owner = $8::text, owned_at = $3::bigint
            WHERE partition = $1::text AND last_sequence = $2::bigint - 1 AND epoch < $7::bigint
            RETURNING partition
        )
        INSERT INTO journal (partition, sequence, recorded_at, fact_count, payload, checksum, epoch)
        SELECT partition, $2::bigint, $3::bigint, $4::bigint, $5::bytea, $6::bytea, $7::bigint FROM moved
        RETURNING partition
        """)

    /// Writes a first row that begins an epoch. It waits for whoever is creating the same partition.
    static let found = PostgresStatement(
        "found",
        """
        WITH made AS (
            INSERT INTO journal_head (partition, last_sequence, checksum, epoch, owner, owned_at)
            VALUES ($1::text, $2::bigint + $4::bigint - 1, $6::bytea, $7::bigint, $8::text, $3::bigint)
            ON CONFLICT (partition) DO NOTHING RETURNING partition
        )
        INSERT INTO journal (partition, sequence, recorded_at, fact_count, payload, checksum, epoch)
        SELECT partition, $2::bigint, $3::bigint, $4::bigint, $5::bytea, $6::bytea, $7::bigint FROM made
        RETURNING partition
        """)

    // MARK: Reading

    static let heads = PostgresStatement(
        "heads", "SELECT partition, last_sequence, checksum, epoch FROM journal_head")

    static let head = PostgresStatement(
        "head", "SELECT partition, last_sequence, checksum, epoch FROM journal_head WHERE partition = $1::text")

    /// Jumps from one partition to the next in the index; `DISTINCT` would read all of it.
    static let partitions = PostgresStatement(
        "partitions",
        """
        WITH RECURSIVE found AS (
            (SELECT partition FROM journal ORDER BY partition LIMIT 1)
            UNION ALL
            SELECT (SELECT partition FROM journal WHERE partition > found.partition ORDER BY partition LIMIT 1)
            FROM found WHERE found.partition IS NOT NULL
        )
        SELECT partition FROM found WHERE partition IS NOT NULL
        """)

    static let latestTime = PostgresStatement(
        "latest_time",
        """
        SELECT max((
            SELECT recorded_at FROM journal WHERE partition = head.partition ORDER BY sequence DESC LIMIT 1))
        FROM journal_head AS head
        """)

    /// Where the row with a fact begins.
    static let start = PostgresStatement(
        "start",
        "SELECT max(sequence) FROM journal WHERE partition = $1::text AND sequence <= $2::bigint")

    /// The rows from `$2` on, at most `$3`; none after one that reaches `$4` bytes.
    static let page = PostgresStatement(
        "page",
        """
        SELECT sequence, recorded_at, fact_count, payload, checksum, epoch FROM (
            SELECT *, sum(octet_length(payload)) OVER (ORDER BY sequence ROWS UNBOUNDED PRECEDING) AS bytes FROM (
                SELECT * FROM journal WHERE partition = $1::text AND sequence >= $2::bigint
                ORDER BY sequence LIMIT $3::bigint) AS row
        ) AS row WHERE bytes - octet_length(payload) < $4::bigint
        ORDER BY sequence
        """)
}
