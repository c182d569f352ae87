-- Until when an address is kept that nobody has shown to read, in milliseconds since 1970; null for good.
ALTER TABLE contact ADD COLUMN lent_until BIGINT;

CREATE INDEX contact_lent ON contact (lent_until) WHERE lent_until IS NOT NULL;
