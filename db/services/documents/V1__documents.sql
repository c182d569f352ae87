-- The tickets' files of orders. Times are milliseconds since 1970.

-- What was confirmed, and what became of its files.
CREATE TABLE ticket_order (
    order_id TEXT NOT NULL PRIMARY KEY,
    -- The message of the confirmation, as headers and data of the bus.
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    data TEXT NOT NULL,
    -- due, issued, void or unprintable.
    state TEXT NOT NULL,
    -- Until when a process makes its files.
    taken_until BIGINT NOT NULL,
    reason TEXT
);

CREATE INDEX ticket_order_due ON ticket_order (taken_until, order_id) WHERE state = 'due';

CREATE TABLE ticket_file (
    name TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    content_type TEXT NOT NULL,
    -- SHA-256 of the bytes, in hex.
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    -- Base 64 for URLs.
    content TEXT NOT NULL
);

CREATE INDEX ticket_file_by_order ON ticket_file (order_id);

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
