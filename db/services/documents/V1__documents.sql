-- Orders that have tickets, or had. Times are in milliseconds since 1970.
CREATE TABLE ticket_order (
    order_id TEXT NOT NULL PRIMARY KEY,
    -- The number of the latest fact that was heard of; what comes with a smaller one is late, and changes nothing.
    sequence BIGINT NOT NULL,
    -- The ID, key and trace of the message that confirmed it, and its data. NULL if the end was heard of alone.
    cause TEXT,
    event TEXT,
    traceparent TEXT,
    message TEXT,
    -- Due: to be rendered. Unprintable: given up.
    state TEXT NOT NULL CHECK (state IN ('due', 'issued', 'void', 'unprintable')),
    due_at BIGINT NOT NULL,
    -- How often rendering was begun since the confirmation.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Until when a process has it to itself.
    taken_until BIGINT NOT NULL DEFAULT 0,
    -- Since when its files let nobody in. An order that is due again keeps it until it is issued.
    voided_at BIGINT,
    -- Why it is unprintable.
    reason TEXT
);

CREATE INDEX ticket_order_due ON ticket_order (due_at, order_id) WHERE state = 'due';

CREATE INDEX ticket_order_void ON ticket_order (order_id) WHERE state = 'void' AND message IS NOT NULL;

CREATE INDEX ticket_order_unprintable ON ticket_order (order_id) WHERE state = 'unprintable';

-- How files of one event begin: fonts and what is drawn on every page.
CREATE TABLE shared_part (
    -- SHA-256 of the bytes, in hex.
    sha256 TEXT NOT NULL PRIMARY KEY,
    -- Base 64 for URLs.
    content TEXT NOT NULL
);

CREATE TABLE ticket_file (
    name TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    content_type TEXT NOT NULL,
    -- SHA-256 of the whole file, in hex.
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    -- Where it begins, if others begin alike.
    shared TEXT,
    -- What follows, in base 64 for URLs.
    content TEXT NOT NULL
);

CREATE INDEX ticket_file_by_order ON ticket_file (order_id);

-- How many there are, counted as they come and go.
CREATE TABLE tally (
    name TEXT NOT NULL PRIMARY KEY,
    total BIGINT NOT NULL
);

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
