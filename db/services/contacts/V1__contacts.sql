-- How buyers are written to, each sealed by a key of its own.
CREATE TABLE contact (
    buyer TEXT NOT NULL PRIMARY KEY,
    -- AES-GCM in base64url: nonce, text, tag. Bound to the buyer.
    sealed TEXT NOT NULL,
    -- In milliseconds since 1970.
    put_at BIGINT NOT NULL
);

-- The keys, wrapped by the master key that is named before the point. Without its row a contact is gone for good, so
-- keep no copy of this table for longer than a shredded address may live.
CREATE TABLE contact_key (
    buyer TEXT NOT NULL PRIMARY KEY,
    wrapped TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
