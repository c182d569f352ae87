-- Who gets webhooks. Times are milliseconds since 1970.
CREATE TABLE webhook_endpoint (
    id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    -- Separated by spaces.
    types TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Why it is off: gone, failing or backlog; NULL if it is on. Whether that has been told.
    switched_off TEXT,
    told BIGINT NOT NULL DEFAULT 0,
    -- Since the last success: failures, how long that has been so, and when the last one was.
    failures BIGINT NOT NULL DEFAULT 0,
    failing_milliseconds BIGINT NOT NULL DEFAULT 0,
    failed_at BIGINT,
    -- Nothing is sent before.
    paused_until BIGINT NOT NULL DEFAULT 0,
    -- What became of its deliveries, those trimmed too.
    delivered BIGINT NOT NULL DEFAULT 0,
    exhausted BIGINT NOT NULL DEFAULT 0
);

-- Sealed under a key that the database doesn't have. The one without an end signs until it is replaced.
CREATE TABLE webhook_secret (
    endpoint TEXT NOT NULL,
    number BIGINT NOT NULL,
    sealed TEXT NOT NULL,
    valid_until BIGINT,
    PRIMARY KEY (endpoint, number)
);

-- What endpoints get, to the byte.
CREATE TABLE webhook_message (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX webhook_message_by_age ON webhook_message (created_at);

CREATE TABLE webhook_delivery (
    endpoint TEXT NOT NULL,
    message TEXT NOT NULL,
    -- pending, sending, delivered or exhausted.
    state TEXT NOT NULL,
    -- When it may be taken: if it is pending, when it is due; if it is being sent, when its lease ends.
    due_at BIGINT NOT NULL,
    -- Whose lease it is, so that an answer that comes after its end changes nothing.
    lease TEXT,
    -- Of this round; a redelivery by hand begins another one.
    attempts BIGINT NOT NULL DEFAULT 0,
    waited_milliseconds BIGINT NOT NULL DEFAULT 0,
    -- Of all rounds: the number of the newest in the log.
    logged BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (endpoint, message)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint, state, due_at);
CREATE INDEX webhook_delivery_newest ON webhook_delivery (endpoint, created_at, message);
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (created_at);
CREATE INDEX webhook_delivery_of_message ON webhook_delivery (message);

CREATE TABLE webhook_attempt (
    endpoint TEXT NOT NULL,
    message TEXT NOT NULL,
    number BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    duration_milliseconds BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT,
    -- The beginning of what the endpoint said.
    answer TEXT NOT NULL,
    PRIMARY KEY (endpoint, message, number)
);

-- One row, which whoever takes deliveries or adds endpoints writes first, so that one does after the other and bounds
-- hold over all processes.
CREATE TABLE webhook_turn (
    number BIGINT NOT NULL
);
INSERT INTO webhook_turn (number) VALUES (0);

-- Messages of the bus that were handled, noted in the commit of their effect.
CREATE TABLE handled (identity TEXT NOT NULL PRIMARY KEY, handled_at BIGINT NOT NULL);
CREATE INDEX handled_by_time ON handled (handled_at);
-- What is to be published, in the commit of what it follows from.
CREATE TABLE outbox (
    identity TEXT NOT NULL PRIMARY KEY, number BIGINT NOT NULL, key TEXT NOT NULL, headers TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX outbox_by_number ON outbox (number);
