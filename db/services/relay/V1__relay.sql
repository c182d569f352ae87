-- How far each event's journal is told to the bus. Moved on only once what was said lies there.
CREATE TABLE relayed (
    event TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
);

-- What an order's next messages need to know of what was before.
CREATE TABLE order_past (
    event TEXT NOT NULL,
    order_number BIGINT NOT NULL,
    -- What has gone back, in minor units, and why it was taken back.
    refunded BIGINT NOT NULL,
    reason TEXT,
    -- For the check of eligibility, until the order is confirmed or has ended.
    proof TEXT,
    PRIMARY KEY (event, order_number)
);

-- One row, once the relay has begun: what was in the journal before that is not told.
CREATE TABLE beginning (
    began_at BIGINT NOT NULL PRIMARY KEY
);

-- What services have said of orders.
CREATE TABLE step (
    order_id TEXT NOT NULL,
    identity TEXT NOT NULL,
    type TEXT NOT NULL,
    -- In milliseconds since 1970.
    at BIGINT NOT NULL,
    reason TEXT,
    PRIMARY KEY (order_id, identity)
);

-- Orders that eligibility has refused: 0 until they are taken back.
CREATE TABLE refusal (
    order_id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    reason TEXT NOT NULL,
    settled BIGINT NOT NULL
);

CREATE INDEX refusal_open ON refusal (order_id) WHERE settled = 0;

-- Messages of the bus that were handled, noted in the commit of their effect.
CREATE TABLE handled (
    identity TEXT NOT NULL PRIMARY KEY,
    handled_at BIGINT NOT NULL
);

CREATE INDEX handled_by_time ON handled (handled_at);

-- What is to be published, in the commit of what it follows from.
CREATE TABLE outbox (
    identity TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    data TEXT NOT NULL
);

CREATE INDEX outbox_by_number ON outbox (number);
