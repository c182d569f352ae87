-- Codes by which buyers sign in. Neither addresses nor codes are here: a mailbox is known by its keyed hash, and a code
-- follows from the salt and a key. Times are milliseconds since 1970.
CREATE TABLE sign_in (
    mailbox TEXT NOT NULL PRIMARY KEY,
    -- Empty once its code has been used.
    salt TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- How often the code was tried.
    tries BIGINT NOT NULL,
    -- How many mails were asked for since the window began.
    mails BIGINT NOT NULL,
    window_ends_at BIGINT NOT NULL
);

CREATE INDEX sign_in_by_window ON sign_in (window_ends_at);
