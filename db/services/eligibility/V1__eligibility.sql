-- Orders that organizers are asked about. Moments in milliseconds since 1970.
CREATE TABLE eligibility_case (
    order_id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    url TEXT NOT NULL,
    -- What is sent, JSON. Empty once it is decided: nobody needs the buyer's proof any more.
    body TEXT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    -- The confirmation's ID and trace.
    cause TEXT NOT NULL,
    traceparent TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Who sees to it, and until when nobody else does; '' for nobody.
    holder TEXT NOT NULL DEFAULT '',
    held_until BIGINT NOT NULL DEFAULT 0,
    -- granted, refused or withdrawn; NULL while it is open. Never changed once it is there.
    decision TEXT,
    reason TEXT,
    decided_at BIGINT
);

CREATE INDEX eligibility_case_open ON eligibility_case (confirmed_at, order_id) WHERE decision IS NULL;

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
