-- The bus where no Kafka is: topics in lanes, each with messages 0, 1, 2 …

-- How far a lane is written. Whoever publishes locks its row, so that messages become visible in their order.
CREATE TABLE lane (
    topic TEXT NOT NULL,
    number BIGINT NOT NULL,
    -- The position of the next message.
    written BIGINT NOT NULL,
    PRIMARY KEY (topic, number)
);

CREATE TABLE message (
    topic TEXT NOT NULL,
    lane BIGINT NOT NULL,
    position BIGINT NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    data TEXT NOT NULL,
    -- In milliseconds since 1970, like all times here.
    published_at BIGINT NOT NULL,
    PRIMARY KEY (topic, lane, position)
);

-- The members of groups that have been heard of lately.
CREATE TABLE member (
    group_name TEXT NOT NULL,
    token TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (group_name, token)
);

-- How far a group has come in a lane, and which member has it; '' for none.
CREATE TABLE progress (
    group_name TEXT NOT NULL,
    topic TEXT NOT NULL,
    lane BIGINT NOT NULL,
    position BIGINT NOT NULL,
    token TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (group_name, topic, lane)
);

CREATE TABLE dead_letter (
    topic TEXT NOT NULL,
    number BIGINT NOT NULL,
    group_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    data TEXT NOT NULL,
    buried_at BIGINT NOT NULL,
    PRIMARY KEY (topic, number)
);
