-- What had gone back when a dispute was opened that is not won, and the organizer's words where eligibility has refused.
ALTER TABLE order_past ADD COLUMN disputed_after BIGINT;
ALTER TABLE order_past ADD COLUMN words TEXT;
