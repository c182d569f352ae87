-- What may be lost: states to recover from, and events with nothing unfinished.
CREATE TABLE IF NOT EXISTS snapshot (
    partition TEXT NOT NULL,
    last_sequence BIGINT NOT NULL,
    row_checksum BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL,
    payload BYTEA NOT NULL,
    payload_checksum BYTEA NOT NULL,
    PRIMARY KEY (partition, last_sequence)
);

CREATE TABLE IF NOT EXISTS dormant (
    partition TEXT NOT NULL PRIMARY KEY,
    last_sequence BIGINT NOT NULL,
    payload BYTEA NOT NULL
);
