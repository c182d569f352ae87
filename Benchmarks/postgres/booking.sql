-- What most ticket shops do: lock the seat's row, look whether it is free, hold it, write the hold down. For pgbench -f.
\set seat random(1, :seats)
\set buyer random(1, 1000000000)
BEGIN;
SELECT state FROM seat WHERE id = :seat FOR UPDATE;
UPDATE seat SET state = 1, buyer = :buyer, held_until = now() + interval '5 minutes' WHERE id = :seat;
INSERT INTO hold (seat, buyer) VALUES (:seat, :buyer);
COMMIT;
