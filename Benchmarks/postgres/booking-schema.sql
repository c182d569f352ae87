-- An arena of 40,000 seats, for booking.sql.
DROP TABLE IF EXISTS seat, hold;
CREATE TABLE seat (
    id INTEGER PRIMARY KEY,
    state SMALLINT NOT NULL DEFAULT 0,
    buyer BIGINT,
    held_until TIMESTAMPTZ
) WITH (fillfactor = 50);
CREATE TABLE hold (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seat INTEGER NOT NULL,
    buyer BIGINT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
INSERT INTO seat (id) SELECT generate_series(1, 40000);
VACUUM ANALYZE seat;
