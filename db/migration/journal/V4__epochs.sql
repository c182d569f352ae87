-- Who writes a partition: the epoch of each row, and of the owner. Epoch 0 is from before there were several nodes.
ALTER TABLE journal ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

ALTER TABLE journal_head ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

ALTER TABLE journal_head ADD COLUMN owner TEXT;

-- In milliseconds since 1970.
ALTER TABLE journal_head ADD COLUMN owned_at BIGINT;
