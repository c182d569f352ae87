-- What is owed to whom. Amounts in minor units, moments in milliseconds since 1970, days as YYYY-MM-DD where the event is.

-- An event has one currency. Its time zone is the one that its messages named last.
CREATE TABLE settlement_event (
    event_id TEXT NOT NULL PRIMARY KEY,
    currency TEXT NOT NULL,
    time_zone TEXT
);

-- An order of which money was taken.
CREATE TABLE settlement_order (
    order_id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    -- What the organizer is charged, which part of that comes from rounding, and which is given back at a refund.
    fee BIGINT NOT NULL,
    fee_rounding BIGINT NOT NULL,
    fee_returnable BIGINT NOT NULL,
    payment TEXT
);

CREATE INDEX settlement_order_event ON settlement_order (event_id);

-- How its money stood after each message. A message has one, however often it comes.
CREATE TABLE settlement_state (
    order_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    identity TEXT NOT NULL UNIQUE,
    recorded_at BIGINT NOT NULL,
    day TEXT NOT NULL,
    refunded BIGINT NOT NULL,
    owed BIGINT NOT NULL,
    disputed BIGINT NOT NULL,
    -- 0 or 1.
    has_ended BIGINT NOT NULL,
    is_sold BIGINT NOT NULL,
    PRIMARY KEY (order_id, sequence)
);

CREATE INDEX settlement_state_time ON settlement_state (recorded_at);

-- The book. Never changed, only added to; the entries of each message sum to zero.
CREATE TABLE settlement_entry (
    event_id TEXT NOT NULL,
    day TEXT NOT NULL,
    identity TEXT NOT NULL,
    purpose TEXT NOT NULL,
    account TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (event_id, day, identity, purpose, account)
);

-- What the provider should list for an order. Follows from its states, and is written anew with them.
CREATE TABLE settlement_movement (
    order_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    identity TEXT NOT NULL,
    payment TEXT,
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (order_id, number)
);

CREATE INDEX settlement_movement_day ON settlement_movement (event_id, day);

CREATE INDEX settlement_movement_payment ON settlement_movement (payment);

-- What the provider lists.
CREATE TABLE settlement_line (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT,
    type TEXT NOT NULL,
    -- NULL if it is no whole number of minor units.
    amount BIGINT,
    fee BIGINT NOT NULL,
    net BIGINT NOT NULL,
    currency TEXT NOT NULL,
    source TEXT,
    payment TEXT,
    order_id TEXT,
    created_at BIGINT NOT NULL,
    available_at BIGINT NOT NULL
);

CREATE INDEX settlement_line_created ON settlement_line (created_at);

CREATE INDEX settlement_line_payment ON settlement_line (payment);

CREATE INDEX settlement_line_order ON settlement_line (order_id);

-- One row: how much of the provider's list has been read, and who reads it now.
CREATE TABLE settlement_reading (
    id BIGINT NOT NULL PRIMARY KEY,
    -- What was listed in between is here, but for what the provider lists late. NULL until it was read for the first time.
    read_from BIGINT,
    read_until BIGINT,
    due_at BIGINT NOT NULL,
    holder TEXT NOT NULL,
    held_until BIGINT NOT NULL,
    -- What came of the last comparison: lines of the provider, places that differ, payments that the book doesn't know.
    line_count BIGINT NOT NULL DEFAULT 0,
    difference_count BIGINT NOT NULL DEFAULT 0,
    stranger_count BIGINT NOT NULL DEFAULT 0
);

INSERT INTO settlement_reading (id, due_at, holder, held_until) VALUES (1, 0, '', 0);

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
