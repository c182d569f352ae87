-- Accounts of the staff: organizers and doors. Tokens are not here: each is known by its SHA-256. Times are milliseconds
-- since 1970.
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- The name without regard to case: one account in use has it.
    folded_name TEXT NOT NULL,
    role TEXT NOT NULL,
    token_digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    -- Within an hour.
    last_used_at BIGINT,
    revoked_at BIGINT,
    revoked_by TEXT
);

CREATE UNIQUE INDEX account_by_token ON account (token_digest);

CREATE UNIQUE INDEX account_by_name ON account (folded_name) WHERE revoked_at IS NULL;
