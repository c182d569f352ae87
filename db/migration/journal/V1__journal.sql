-- The facts, and where each partition's end. IF NOT EXISTS: data folders from before the history have these tables.
CREATE TABLE IF NOT EXISTS journal (
    partition TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    fact_count BIGINT NOT NULL,
    payload BYTEA NOT NULL,
    checksum BYTEA NOT NULL,
    PRIMARY KEY (partition, sequence)
);

CREATE TABLE IF NOT EXISTS journal_head (
    partition TEXT NOT NULL PRIMARY KEY,
    last_sequence BIGINT NOT NULL,
    checksum BYTEA NOT NULL
);
