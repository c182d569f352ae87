-- The nodes that are running, and what they all must know. PostgreSQL only: nobody shares a data folder.

-- A node that is started again takes the place of its last run.
CREATE TABLE node (
    name TEXT NOT NULL PRIMARY KEY,
    -- The random number of this run. While it lasts its connection holds the advisory lock (28526, low 32 bits of it).
    session BIGINT NOT NULL,
    -- How other nodes reach it.
    url TEXT NOT NULL,
    -- Whether it owns events, or serves pages, lines and streams only.
    sells BOOLEAN NOT NULL,
    -- Grows while the node is well.
    beat BIGINT NOT NULL,
    -- Whether it can write.
    writer_ok BOOLEAN NOT NULL,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- The process that serves its connection.
    backend INTEGER NOT NULL
);

-- Signing keys, and hashes of tokens.
CREATE TABLE secret (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL,
    made_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Both are rewritten all the time and small: room for the next version beside each row, so that no index changes, and
-- dead rows collected early.
ALTER TABLE journal_head SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE node SET (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
