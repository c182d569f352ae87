-- Seating plans, by their SHA-256.
CREATE TABLE IF NOT EXISTS document (
    digest BYTEA NOT NULL PRIMARY KEY,
    content BYTEA NOT NULL
);
