-- Mails, without addresses. Times are in milliseconds since 1970.
CREATE TABLE mail (
    -- What it is about: one mail for each.
    key TEXT NOT NULL PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    event TEXT,
    order_id TEXT,
    buyer TEXT NOT NULL,
    -- What it is made of, as JSON.
    payload TEXT NOT NULL,
    -- The code and the link of a sign-in, as JSON, until it was sent or can't be used any more.
    secret TEXT,
    -- The message of the bus that it follows from, and that message's trace.
    cause TEXT,
    traceparent TEXT,
    -- Withdrawn: not sent, since what it tells isn't true any more.
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'bounced', 'withdrawn')),
    -- 0 goes before 1.
    rank BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- It comes back if it hasn't been accepted by then.
    keep_until BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Which process has it to itself, and until when.
    taken_by TEXT,
    taken_until BIGINT NOT NULL DEFAULT 0,
    -- What it can't be sent without and hasn't got: 'address', 'document'.
    waits_for TEXT,
    -- Of what was sent.
    language TEXT,
    ended_at BIGINT,
    reason TEXT
);

CREATE INDEX mail_due ON mail (rank, due_at) WHERE state = 'queued';

CREATE INDEX mail_waiting ON mail (waits_for) WHERE state = 'queued' AND waits_for IS NOT NULL;

CREATE INDEX mail_taken ON mail (taken_by) WHERE taken_by IS NOT NULL;

CREATE INDEX mail_secret ON mail (keep_until) WHERE secret IS NOT NULL;

CREATE INDEX mail_newest ON mail (queued_at);

CREATE INDEX mail_ended ON mail (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX mail_buyer ON mail (buyer);

-- How many mails have ended how, those that were removed since included.
CREATE TABLE tally (
    state TEXT NOT NULL PRIMARY KEY,
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
