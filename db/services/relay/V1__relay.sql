-- How far each event's journal is told to the bus. Moved on only once what was said lies there.
CREATE TABLE relayed (
    event TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
);

-- What has gone back of an order so far, and why it was taken back, for the messages that follow.
CREATE TABLE taken_back (
    event TEXT NOT NULL,
    order_number BIGINT NOT NULL,
    -- In minor units.
    refunded BIGINT NOT NULL,
    reason TEXT,
    PRIMARY KEY (event, order_number)
);

-- One row, once the relay has begun: what was in the journal before that is not told.
CREATE TABLE beginning (
    began_at BIGINT NOT NULL PRIMARY KEY
);
